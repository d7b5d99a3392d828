WITH "t19" AS (
  SELECT
    "t18"."stage_id",
    "t18"."stage_name",
    CASE
      WHEN "t18"."rank" = 5
      THEN 'won'
      WHEN "t18"."rank" = 4
      THEN 'lost'
      WHEN "t18"."rank" = 3
      THEN 'opportunity'
      WHEN "t18"."rank" = 2
      THEN 'sql'
      WHEN "t18"."rank" = 1
      THEN 'lead'
      ELSE NULL
    END AS "meaning"
  FROM (
    SELECT
      "t17"."stage_id",
      MIN("t17"."label") AS "stage_name",
      MAX("t17"."rank") AS "rank"
    FROM (
      SELECT
        "t14"."stage_id",
        "t14"."label",
        "t14"."won",
        "t14"."closed",
        "t14"."share",
        "t14"."meaning",
        CASE
          WHEN "t14"."meaning" = 'won'
          THEN 5
          WHEN "t14"."meaning" = 'lost'
          THEN 4
          WHEN "t14"."meaning" = 'opportunity'
          THEN 3
          WHEN "t14"."meaning" = 'sql'
          THEN 2
          WHEN "t14"."meaning" = 'lead'
          THEN 1
          ELSE NULL
        END AS "rank"
      FROM (
        SELECT
          "t12"."stage_id",
          "t12"."label",
          "t12"."won",
          "t12"."closed",
          "t12"."share",
          CASE
            WHEN "t12"."share" = 1
            THEN 'won'
            WHEN "t12"."share" = 0
            THEN 'lost'
            WHEN "t12"."won" AND "t12"."closed"
            THEN 'won'
            WHEN NOT (
              "t12"."won"
            ) AND "t12"."closed"
            THEN 'lost'
            WHEN NOT (
              CASE
                WHEN "t12"."closed" IS NOT NULL
                THEN NOT (
                  "t12"."closed"
                )
                WHEN "t12"."won" IS NOT NULL
                THEN NOT (
                  "t12"."won"
                )
                ELSE TRUE
              END
            )
            OR (
              "t12"."won" AND NOT (
                "t12"."closed"
              )
            )
            THEN CAST(NULL AS VARCHAR)
            WHEN "t12"."share" >= CAST('0.6' AS DECIMAL)
            THEN 'opportunity'
            WHEN "t12"."share" >= CAST('0.4' AS DECIMAL)
            THEN 'sql'
            WHEN "t12"."share" IS NOT NULL
            THEN 'lead'
            ELSE CAST(NULL AS VARCHAR)
          END AS "meaning"
        FROM (
          SELECT
            "t4"."stage_id",
            "t4"."label",
            "t4"."closed_won" AS "won",
            "t4"."is_closed" AS "closed",
            COALESCE(
              CASE
                WHEN CAST(NULLIF(NULLIF(CAST("t4"."probability" AS VARCHAR), 'nan'), 'NaN') AS DECIMAL(24, 6)) > 1
                THEN CAST(NULLIF(NULLIF(CAST("t4"."probability" AS VARCHAR), 'nan'), 'NaN') AS DECIMAL(24, 6)) * CAST('0.01' AS DECIMAL(3, 2))
                ELSE CAST(NULLIF(NULLIF(CAST("t4"."probability" AS VARCHAR), 'nan'), 'NaN') AS DECIMAL(24, 6))
              END,
              CASE
                WHEN COALESCE(LOWER("t4"."stage_id"), '') = 'appointmentscheduled'
                THEN CAST('0.2' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER("t4"."stage_id"), '') = 'qualifiedtobuy'
                THEN CAST('0.4' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER("t4"."stage_id"), '') = 'presentationscheduled'
                THEN CAST('0.6' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER("t4"."stage_id"), '') = 'decisionmakerboughtin'
                THEN CAST('0.8' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER("t4"."stage_id"), '') = 'contractsent'
                THEN CAST('0.9' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER("t4"."stage_id"), '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER("t4"."stage_id"), '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER("t4"."label"), ''), ' ', '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER("t4"."label"), ''), ' ', '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                ELSE NULL
              END
            ) AS "share"
          FROM "hubspot"."deal_pipeline_stage" AS "t4"
        ) AS "t12"
      ) AS "t14"
    ) AS "t17"
    GROUP BY
      1
  ) AS "t18"
), "t23" AS (
  SELECT
    "t8"."id",
    "t8"."at",
    "t22"."meaning"
  FROM (
    SELECT
      CAST("t3"."deal_id" AS VARCHAR) AS "id",
      COALESCE("t3"."date_entered", "t3"."_fivetran_start") AS "at",
      "t3"."value"
    FROM "hubspot"."deal_stage" AS "t3"
  ) AS "t8"
  LEFT OUTER JOIN "t19" AS "t22"
    ON "t8"."value" = "t22"."stage_id"
)
SELECT
  "t38"."id",
  "t38"."rep_id",
  "t38"."status",
  "t38"."stage",
  "t38"."amount",
  "t38"."currency",
  "t38"."created_at",
  "t38"."updated_at",
  "t38"."qualified_at",
  "t38"."closed_at",
  COALESCE("t16"."company_id", 'unassigned') AS "facility_id"
FROM (
  SELECT
    "t36"."rep_id",
    "t36"."amount",
    "t36"."currency",
    "t36"."created_at",
    "t36"."qualified_at",
    "t36"."negotiated_at",
    "t36"."stage",
    "t36"."deal_id" AS "id",
    COALESCE("t36"."stage_name", "t36"."own_stage_id", 'none') AS "status",
    COALESCE(
      "t36"."changed_at",
      GREATEST(
        "t36"."created_at",
        "t36"."qualified_at",
        "t36"."negotiated_at",
        CASE
          WHEN "t36"."stage" IN ('won', 'lost')
          THEN COALESCE("t36"."since", "t36"."close_day")
          ELSE CAST(NULL AS TIMESTAMP(6))
        END
      )
    ) AS "updated_at",
    CASE
      WHEN "t36"."stage" IN ('won', 'lost')
      THEN COALESCE("t36"."since", "t36"."close_day")
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "closed_at"
  FROM (
    SELECT
      "t35"."deal_id",
      "t35"."own_stage_id",
      "t35"."own_verdict",
      "t35"."rep_id",
      "t35"."amount",
      "t35"."currency",
      "t35"."created_at",
      "t35"."changed_at",
      "t35"."close_day",
      "t35"."stage_id",
      "t35"."stage_name",
      "t35"."meaning",
      "t35"."qualified_at",
      "t35"."negotiated_at",
      "t35"."id",
      "t35"."since",
      "t35"."was_other",
      CASE
        WHEN "t35"."meaning" IS NOT NULL
        THEN "t35"."meaning"
        WHEN "t35"."own_verdict" IS NOT NULL
        THEN "t35"."own_verdict"
        WHEN "t35"."own_stage_id" IS NULL
        THEN 'lead'
        ELSE CAST(NULL AS VARCHAR)
      END AS "stage"
    FROM (
      SELECT
        "t31"."deal_id",
        "t31"."own_stage_id",
        "t31"."own_verdict",
        "t31"."rep_id",
        "t31"."amount",
        "t31"."currency",
        "t31"."created_at",
        "t31"."changed_at",
        "t31"."close_day",
        "t31"."stage_id",
        "t31"."stage_name",
        "t31"."meaning",
        "t31"."qualified_at",
        "t31"."negotiated_at",
        "t34"."id",
        "t34"."since",
        "t34"."was_other"
      FROM (
        SELECT
          "t28"."deal_id",
          "t28"."own_stage_id",
          "t28"."own_verdict",
          "t28"."rep_id",
          "t28"."amount",
          "t28"."currency",
          "t28"."created_at",
          "t28"."changed_at",
          "t28"."close_day",
          "t28"."stage_id",
          "t28"."stage_name",
          "t28"."meaning",
          "t28"."qualified_at",
          "t28"."negotiated_at"
        FROM (
          SELECT
            "t11"."deal_id",
            "t11"."own_stage_id",
            "t11"."own_verdict",
            "t11"."rep_id",
            "t11"."amount",
            "t11"."currency",
            "t11"."created_at",
            "t11"."changed_at",
            "t11"."close_day",
            "t21"."stage_id",
            "t21"."stage_name",
            "t21"."meaning",
            "t27"."id",
            "t27"."qualified_at",
            "t27"."negotiated_at"
          FROM (
            SELECT
              CAST("t1"."deal_id" AS VARCHAR) AS "deal_id",
              NULLIF("t1"."deal_pipeline_stage_id", '') AS "own_stage_id",
              CASE
                WHEN COALESCE(CAST(NULL AS BOOLEAN), FALSE)
                THEN 'won'
                WHEN COALESCE(CAST(NULL AS BOOLEAN), FALSE)
                OR COALESCE(CAST(NULL AS BOOLEAN) AND NOT (
                  CAST(NULL AS BOOLEAN)
                ), FALSE)
                THEN 'lost'
                ELSE NULL
              END AS "own_verdict",
              COALESCE(CAST("t1"."owner_id" AS VARCHAR), 'unassigned') AS "rep_id",
              COALESCE(
                CAST(NULLIF(NULLIF(CAST("t1"."property_amount" AS VARCHAR), 'nan'), 'NaN') AS DECIMAL(24, 6)),
                0
              ) AS "amount",
              NULLIF(UPPER("t1"."property_deal_currency_code"), '') AS "currency",
              "t1"."property_createdate" AS "created_at",
              "t1"."property_hs_lastmodifieddate" AS "changed_at",
              "t1"."property_closedate" AS "close_day"
            FROM "hubspot"."deal" AS "t1"
            WHERE
              COALESCE("t1"."is_deleted", FALSE) = FALSE
          ) AS "t11"
          LEFT OUTER JOIN "t19" AS "t21"
            ON "t11"."own_stage_id" = "t21"."stage_id"
          LEFT OUTER JOIN (
            SELECT
              "t24"."id",
              MIN("t24"."at") FILTER(WHERE
                "t24"."meaning" IN ('won', 'opportunity', 'sql')) AS "qualified_at",
              MIN("t24"."at") FILTER(WHERE
                "t24"."meaning" IN ('won', 'opportunity')) AS "negotiated_at"
            FROM "t23" AS "t24"
            GROUP BY
              1
          ) AS "t27"
            ON "t11"."deal_id" = "t27"."id"
          WHERE
            NOT EXISTS(
              SELECT
                1
              FROM (
                SELECT
                  CAST("t2"."merged_deal_id" AS VARCHAR) AS "merged_id"
                FROM "hubspot"."merged_deal" AS "t2"
              ) AS "t7"
              WHERE
                "t11"."deal_id" = "t7"."merged_id"
            )
        ) AS "t28"
      ) AS "t31"
      LEFT OUTER JOIN (
        SELECT
          "t32"."id",
          MIN("t32"."at") AS "since",
          BOOL_OR("t32"."last_other" IS NOT NULL) AS "was_other"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              "t26"."id",
              "t26"."at",
              "t26"."holds",
              MAX(
                CASE
                  WHEN NOT (
                    "t26"."holds"
                  )
                  THEN "t26"."at"
                  ELSE CAST(NULL AS TIMESTAMP(6))
                END
              ) OVER (PARTITION BY "t26"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
            FROM (
              SELECT
                "t24"."id",
                "t24"."at",
                COALESCE("t24"."meaning" IN ('won', 'lost'), FALSE) AS "holds"
              FROM "t23" AS "t24"
            ) AS "t26"
          ) AS "t30"
          WHERE
            "t30"."holds"
            AND (
              (
                "t30"."last_other" IS NULL
              ) OR (
                "t30"."at" >= "t30"."last_other"
              )
            )
        ) AS "t32"
        GROUP BY
          1
      ) AS "t34"
        ON "t31"."deal_id" = "t34"."id"
    ) AS "t35"
  ) AS "t36"
) AS "t38"
LEFT OUTER JOIN (
  SELECT
    "t13"."key" AS "deal_id",
    COALESCE("t13"."by_type", "t13"."by_label", "t13"."lowest") AS "company_id"
  FROM (
    SELECT
      "t10"."key",
      SUBSTRING(MIN(
        LPAD(
          CAST(LENGTH("t10"."company_id") AS VARCHAR),
          GREATEST(LENGTH(CAST(LENGTH("t10"."company_id") AS VARCHAR)), 3),
          '0'
        ) || "t10"."company_id"
      ) FILTER(WHERE
        "t10"."by_type") FROM CASE
        WHEN (
          3 + 1
        ) >= 1
        THEN 3 + 1
        ELSE 3 + 1 + LENGTH(
          MIN(
            LPAD(
              CAST(LENGTH("t10"."company_id") AS VARCHAR),
              GREATEST(LENGTH(CAST(LENGTH("t10"."company_id") AS VARCHAR)), 3),
              '0'
            ) || "t10"."company_id"
          ) FILTER(WHERE
            "t10"."by_type")
        )
      END) AS "by_type",
      SUBSTRING(MIN(
        LPAD(
          CAST(LENGTH("t10"."company_id") AS VARCHAR),
          GREATEST(LENGTH(CAST(LENGTH("t10"."company_id") AS VARCHAR)), 3),
          '0'
        ) || "t10"."company_id"
      ) FILTER(WHERE
        "t10"."by_label") FROM CASE
        WHEN (
          3 + 1
        ) >= 1
        THEN 3 + 1
        ELSE 3 + 1 + LENGTH(
          MIN(
            LPAD(
              CAST(LENGTH("t10"."company_id") AS VARCHAR),
              GREATEST(LENGTH(CAST(LENGTH("t10"."company_id") AS VARCHAR)), 3),
              '0'
            ) || "t10"."company_id"
          ) FILTER(WHERE
            "t10"."by_label")
        )
      END) AS "by_label",
      SUBSTRING(MIN(
        LPAD(
          CAST(LENGTH("t10"."company_id") AS VARCHAR),
          GREATEST(LENGTH(CAST(LENGTH("t10"."company_id") AS VARCHAR)), 3),
          '0'
        ) || "t10"."company_id"
      ) FROM CASE
        WHEN (
          3 + 1
        ) >= 1
        THEN 3 + 1
        ELSE 3 + 1 + LENGTH(
          MIN(
            LPAD(
              CAST(LENGTH("t10"."company_id") AS VARCHAR),
              GREATEST(LENGTH(CAST(LENGTH("t10"."company_id") AS VARCHAR)), 3),
              '0'
            ) || "t10"."company_id"
          )
        )
      END) AS "lowest"
    FROM (
      SELECT
        CAST("t0"."deal_id" AS VARCHAR) AS "key",
        CAST("t0"."company_id" AS VARCHAR) AS "company_id",
        (
          NOT (
            COALESCE(LOWER("t0"."category"), '') IN ('user_defined', 'integrator_defined')
          )
          AND COALESCE(LOWER(CAST("t0"."type_id" AS VARCHAR)), '') IN ('5', '6', 'deal_to_company')
        )
        OR FALSE AS "by_type",
        COALESCE(LOWER("t0"."category_label"), '') IN (
          'primary',
          'primary company',
          'deal with primary company',
          'ticket with primary company',
          'contact with primary company'
        )
        OR COALESCE(CAST(NULL AS BOOLEAN), FALSE) AS "by_label"
      FROM "hubspot"."deal_company" AS "t0"
    ) AS "t10"
    GROUP BY
      1
  ) AS "t13"
) AS "t16"
  ON "t38"."id" = "t16"."deal_id"
