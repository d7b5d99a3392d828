WITH "t18" AS (
  SELECT
    "t15"."stage_id",
    "t15"."stage_name",
    CASE
      WHEN "t15"."rank" = 5
      THEN 'won'
      WHEN "t15"."rank" = 4
      THEN 'lost'
      WHEN "t15"."rank" = 3
      THEN 'opportunity'
      WHEN "t15"."rank" = 2
      THEN 'sql'
      WHEN "t15"."rank" = 1
      THEN 'lead'
      ELSE NULL
    END AS "meaning"
  FROM (
    SELECT
      "t13"."stage_id",
      MIN("t13"."label") AS "stage_name",
      MAX("t13"."rank") AS "rank"
    FROM (
      SELECT
        "t12"."stage_id",
        "t12"."label",
        "t12"."meaning",
        CASE
          WHEN "t12"."meaning" = 'won'
          THEN 5
          WHEN "t12"."meaning" = 'lost'
          THEN 4
          WHEN "t12"."meaning" = 'opportunity'
          THEN 3
          WHEN "t12"."meaning" = 'sql'
          THEN 2
          WHEN "t12"."meaning" = 'lead'
          THEN 1
          ELSE NULL
        END AS "rank"
      FROM (
        SELECT
          "t3"."stage_id",
          "t3"."label",
          CASE
            WHEN COALESCE(
              CASE
                WHEN CAST(NULLIF(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) > 1
                THEN CAST(NULLIF(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) * CAST('0.01' AS DECIMAL(3, 2))
                ELSE CAST(NULLIF(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6))
              END,
              CASE
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'appointmentscheduled'
                THEN CAST('0.2' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'qualifiedtobuy'
                THEN CAST('0.4' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'presentationscheduled'
                THEN CAST('0.6' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'decisionmakerboughtin'
                THEN CAST('0.8' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'contractsent'
                THEN CAST('0.9' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t3"."label", ' 	
')), ''), ' ', '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t3"."label", ' 	
')), ''), ' ', '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                ELSE NULL
              END
            ) = 1
            THEN 'won'
            WHEN COALESCE(
              CASE
                WHEN CAST(NULLIF(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) > 1
                THEN CAST(NULLIF(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) * CAST('0.01' AS DECIMAL(3, 2))
                ELSE CAST(NULLIF(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6))
              END,
              CASE
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'appointmentscheduled'
                THEN CAST('0.2' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'qualifiedtobuy'
                THEN CAST('0.4' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'presentationscheduled'
                THEN CAST('0.6' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'decisionmakerboughtin'
                THEN CAST('0.8' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'contractsent'
                THEN CAST('0.9' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t3"."label", ' 	
')), ''), ' ', '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t3"."label", ' 	
')), ''), ' ', '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                ELSE NULL
              END
            ) = 0
            THEN 'lost'
            WHEN "t3"."closed_won" AND "t3"."is_closed"
            THEN 'won'
            WHEN NOT (
              "t3"."closed_won"
            ) AND "t3"."is_closed"
            THEN 'lost'
            WHEN NOT (
              CASE
                WHEN "t3"."is_closed" IS NOT NULL
                THEN NOT (
                  "t3"."is_closed"
                )
                WHEN "t3"."closed_won" IS NOT NULL
                THEN NOT (
                  "t3"."closed_won"
                )
                ELSE TRUE
              END
            )
            OR (
              "t3"."closed_won" AND NOT (
                "t3"."is_closed"
              )
            )
            THEN CAST(NULL AS TEXT)
            WHEN COALESCE(
              CASE
                WHEN CAST(NULLIF(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) > 1
                THEN CAST(NULLIF(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) * CAST('0.01' AS DECIMAL(3, 2))
                ELSE CAST(NULLIF(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6))
              END,
              CASE
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'appointmentscheduled'
                THEN CAST('0.2' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'qualifiedtobuy'
                THEN CAST('0.4' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'presentationscheduled'
                THEN CAST('0.6' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'decisionmakerboughtin'
                THEN CAST('0.8' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'contractsent'
                THEN CAST('0.9' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t3"."label", ' 	
')), ''), ' ', '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t3"."label", ' 	
')), ''), ' ', '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                ELSE NULL
              END
            ) >= CAST(0.6 AS DECIMAL(18, 3))
            THEN 'opportunity'
            WHEN COALESCE(
              CASE
                WHEN CAST(NULLIF(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) > 1
                THEN CAST(NULLIF(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) * CAST('0.01' AS DECIMAL(3, 2))
                ELSE CAST(NULLIF(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6))
              END,
              CASE
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'appointmentscheduled'
                THEN CAST('0.2' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'qualifiedtobuy'
                THEN CAST('0.4' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'presentationscheduled'
                THEN CAST('0.6' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'decisionmakerboughtin'
                THEN CAST('0.8' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'contractsent'
                THEN CAST('0.9' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t3"."label", ' 	
')), ''), ' ', '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t3"."label", ' 	
')), ''), ' ', '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                ELSE NULL
              END
            ) >= CAST(0.4 AS DECIMAL(18, 3))
            THEN 'sql'
            WHEN COALESCE(
              CASE
                WHEN CAST(NULLIF(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) > 1
                THEN CAST(NULLIF(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) * CAST('0.01' AS DECIMAL(3, 2))
                ELSE CAST(NULLIF(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6))
              END,
              CASE
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'appointmentscheduled'
                THEN CAST('0.2' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'qualifiedtobuy'
                THEN CAST('0.4' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'presentationscheduled'
                THEN CAST('0.6' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'decisionmakerboughtin'
                THEN CAST('0.8' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'contractsent'
                THEN CAST('0.9' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t3"."stage_id", ' 	
')), '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t3"."label", ' 	
')), ''), ' ', '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t3"."label", ' 	
')), ''), ' ', '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                ELSE NULL
              END
            ) IS NOT NULL
            THEN 'lead'
            ELSE CAST(NULL AS TEXT)
          END AS "meaning"
        FROM "hubspot"."deal_pipeline_stage" AS "t3"
      ) AS "t12"
    ) AS "t13"
    GROUP BY
      1
  ) AS "t15"
), "t22" AS (
  SELECT
    "t8"."id",
    "t8"."at",
    "t21"."meaning"
  FROM (
    SELECT
      CAST("t4"."deal_id" AS TEXT) AS "id",
      COALESCE("t4"."date_entered", "t4"."_fivetran_start") AS "at",
      "t4"."value"
    FROM "hubspot"."deal_stage" AS "t4"
  ) AS "t8"
  LEFT OUTER JOIN "t18" AS "t21"
    ON "t8"."value" = "t21"."stage_id"
)
SELECT
  "t37"."id",
  "t37"."rep_id",
  "t37"."status",
  "t37"."stage",
  "t37"."amount",
  "t37"."currency",
  "t37"."created_at",
  "t37"."updated_at",
  "t37"."qualified_at",
  "t37"."closed_at",
  COALESCE("t17"."company_id", 'unassigned') AS "facility_id"
FROM (
  SELECT
    "t35"."rep_id",
    "t35"."amount",
    "t35"."currency",
    "t35"."created_at",
    "t35"."qualified_at",
    "t35"."negotiated_at",
    "t35"."stage",
    "t35"."deal_id" AS "id",
    COALESCE("t35"."stage_name", "t35"."own_stage_id", 'none') AS "status",
    COALESCE(
      "t35"."changed_at",
      GREATEST(
        "t35"."created_at",
        "t35"."qualified_at",
        "t35"."negotiated_at",
        CASE
          WHEN "t35"."stage" IN ('won', 'lost')
          THEN COALESCE("t35"."since", "t35"."close_day")
          ELSE CAST(NULL AS TIMESTAMP(6))
        END
      )
    ) AS "updated_at",
    CASE
      WHEN "t35"."stage" IN ('won', 'lost')
      THEN COALESCE("t35"."since", "t35"."close_day")
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "closed_at"
  FROM (
    SELECT
      "t34"."deal_id",
      "t34"."own_stage_id",
      "t34"."own_verdict",
      "t34"."rep_id",
      "t34"."amount",
      "t34"."currency",
      "t34"."created_at",
      "t34"."changed_at",
      "t34"."close_day",
      "t34"."stage_id",
      "t34"."stage_name",
      "t34"."meaning",
      "t34"."qualified_at",
      "t34"."negotiated_at",
      "t34"."id",
      "t34"."since",
      "t34"."was_other",
      CASE
        WHEN "t34"."meaning" IS NOT NULL
        THEN "t34"."meaning"
        WHEN "t34"."own_verdict" IS NOT NULL
        THEN "t34"."own_verdict"
        WHEN "t34"."own_stage_id" IS NULL
        THEN 'lead'
        ELSE CAST(NULL AS TEXT)
      END AS "stage"
    FROM (
      SELECT
        "t30"."deal_id",
        "t30"."own_stage_id",
        "t30"."own_verdict",
        "t30"."rep_id",
        "t30"."amount",
        "t30"."currency",
        "t30"."created_at",
        "t30"."changed_at",
        "t30"."close_day",
        "t30"."stage_id",
        "t30"."stage_name",
        "t30"."meaning",
        "t30"."qualified_at",
        "t30"."negotiated_at",
        "t33"."id",
        "t33"."since",
        "t33"."was_other"
      FROM (
        SELECT
          "t27".*
          EXCLUDE ("id")
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
            "t20"."stage_id",
            "t20"."stage_name",
            "t20"."meaning",
            "t26"."id",
            "t26"."qualified_at",
            "t26"."negotiated_at"
          FROM (
            SELECT
              CAST("t1"."deal_id" AS TEXT) AS "deal_id",
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
              COALESCE(CAST("t1"."owner_id" AS TEXT), 'unassigned') AS "rep_id",
              COALESCE(
                CAST(NULLIF(NULLIF(NULLIF(CAST("t1"."property_amount" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)),
                0
              ) AS "amount",
              NULLIF(UPPER(TRIM("t1"."property_deal_currency_code", ' 	
')), '') AS "currency",
              "t1"."property_createdate" AS "created_at",
              "t1"."property_hs_lastmodifieddate" AS "changed_at",
              "t1"."property_closedate" AS "close_day"
            FROM "hubspot"."deal" AS "t1"
            WHERE
              COALESCE("t1"."is_deleted", FALSE) = FALSE
          ) AS "t11"
          ANTI JOIN (
            SELECT
              CAST("t2"."merged_deal_id" AS TEXT) AS "merged_id"
            FROM "hubspot"."merged_deal" AS "t2"
          ) AS "t7"
            ON "t11"."deal_id" = "t7"."merged_id"
          LEFT OUTER JOIN "t18" AS "t20"
            ON "t11"."own_stage_id" = "t20"."stage_id"
          LEFT OUTER JOIN (
            SELECT
              "t23"."id",
              MIN("t23"."at") FILTER(WHERE
                "t23"."meaning" IN ('won', 'opportunity', 'sql')) AS "qualified_at",
              MIN("t23"."at") FILTER(WHERE
                "t23"."meaning" IN ('won', 'opportunity')) AS "negotiated_at"
            FROM "t22" AS "t23"
            GROUP BY
              1
          ) AS "t26"
            ON "t11"."deal_id" = "t26"."id"
        ) AS "t27"
      ) AS "t30"
      LEFT OUTER JOIN (
        SELECT
          "t31"."id",
          MIN("t31"."at") AS "since",
          BOOL_OR(CAST("t31"."last_other" IS NOT NULL AS BOOLEAN)) AS "was_other"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              "t25"."id",
              "t25"."at",
              "t25"."holds",
              MAX(
                CASE
                  WHEN NOT (
                    "t25"."holds"
                  )
                  THEN "t25"."at"
                  ELSE CAST(NULL AS TIMESTAMP(6))
                END
              ) OVER (PARTITION BY "t25"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
            FROM (
              SELECT
                "t23"."id",
                "t23"."at",
                COALESCE("t23"."meaning" IN ('won', 'lost'), FALSE) AS "holds"
              FROM "t22" AS "t23"
            ) AS "t25"
          ) AS "t29"
          WHERE
            "t29"."holds"
            AND (
              (
                "t29"."last_other" IS NULL
              ) OR (
                "t29"."at" >= "t29"."last_other"
              )
            )
        ) AS "t31"
        GROUP BY
          1
      ) AS "t33"
        ON "t30"."deal_id" = "t33"."id"
    ) AS "t34"
  ) AS "t35"
) AS "t37"
LEFT OUTER JOIN (
  SELECT
    "t14"."key" AS "deal_id",
    COALESCE("t14"."by_type", "t14"."by_label", "t14"."lowest") AS "company_id"
  FROM (
    SELECT
      "t10"."key",
      SUBSTRING(
        MIN(
          CASE
            WHEN 3 <= LENGTH(CAST(LENGTH("t10"."company_id") AS TEXT))
            THEN CAST(LENGTH("t10"."company_id") AS TEXT)
            ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t10"."company_id") AS TEXT))) || CAST(LENGTH("t10"."company_id") AS TEXT)
          END || "t10"."company_id"
        ) FILTER(WHERE
          "t10"."by_type"),
        CASE
          WHEN (
            3 + 1
          ) >= 1
          THEN 3 + 1
          ELSE 3 + 1 + LENGTH(
            MIN(
              CASE
                WHEN 3 <= LENGTH(CAST(LENGTH("t10"."company_id") AS TEXT))
                THEN CAST(LENGTH("t10"."company_id") AS TEXT)
                ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t10"."company_id") AS TEXT))) || CAST(LENGTH("t10"."company_id") AS TEXT)
              END || "t10"."company_id"
            ) FILTER(WHERE
              "t10"."by_type")
          )
        END
      ) AS "by_type",
      SUBSTRING(
        MIN(
          CASE
            WHEN 3 <= LENGTH(CAST(LENGTH("t10"."company_id") AS TEXT))
            THEN CAST(LENGTH("t10"."company_id") AS TEXT)
            ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t10"."company_id") AS TEXT))) || CAST(LENGTH("t10"."company_id") AS TEXT)
          END || "t10"."company_id"
        ) FILTER(WHERE
          "t10"."by_label"),
        CASE
          WHEN (
            3 + 1
          ) >= 1
          THEN 3 + 1
          ELSE 3 + 1 + LENGTH(
            MIN(
              CASE
                WHEN 3 <= LENGTH(CAST(LENGTH("t10"."company_id") AS TEXT))
                THEN CAST(LENGTH("t10"."company_id") AS TEXT)
                ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t10"."company_id") AS TEXT))) || CAST(LENGTH("t10"."company_id") AS TEXT)
              END || "t10"."company_id"
            ) FILTER(WHERE
              "t10"."by_label")
          )
        END
      ) AS "by_label",
      SUBSTRING(
        MIN(
          CASE
            WHEN 3 <= LENGTH(CAST(LENGTH("t10"."company_id") AS TEXT))
            THEN CAST(LENGTH("t10"."company_id") AS TEXT)
            ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t10"."company_id") AS TEXT))) || CAST(LENGTH("t10"."company_id") AS TEXT)
          END || "t10"."company_id"
        ),
        CASE
          WHEN (
            3 + 1
          ) >= 1
          THEN 3 + 1
          ELSE 3 + 1 + LENGTH(
            MIN(
              CASE
                WHEN 3 <= LENGTH(CAST(LENGTH("t10"."company_id") AS TEXT))
                THEN CAST(LENGTH("t10"."company_id") AS TEXT)
                ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t10"."company_id") AS TEXT))) || CAST(LENGTH("t10"."company_id") AS TEXT)
              END || "t10"."company_id"
            )
          )
        END
      ) AS "lowest"
    FROM (
      SELECT
        CAST("t0"."deal_id" AS TEXT) AS "key",
        CAST("t0"."company_id" AS TEXT) AS "company_id",
        (
          NOT (
            COALESCE(LOWER(TRIM("t0"."category", ' 	
')), '') IN ('user_defined', 'integrator_defined')
          )
          AND COALESCE(LOWER(TRIM(CAST("t0"."type_id" AS TEXT), ' 	
')), '') IN ('5', '6', 'deal_to_company')
        )
        OR FALSE AS "by_type",
        COALESCE(LOWER(TRIM("t0"."category_label", ' 	
')), '') IN (
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
  ) AS "t14"
) AS "t17"
  ON "t37"."id" = "t17"."deal_id"
