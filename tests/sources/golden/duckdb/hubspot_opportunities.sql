WITH "t14" AS (
  SELECT
    "t13"."stage_id",
    "t13"."stage_name",
    CASE
      WHEN "t13"."rank" = 5
      THEN 'won'
      WHEN "t13"."rank" = 4
      THEN 'lost'
      WHEN "t13"."rank" = 3
      THEN 'opportunity'
      WHEN "t13"."rank" = 2
      THEN 'sql'
      WHEN "t13"."rank" = 1
      THEN 'lead'
      ELSE NULL
    END AS "meaning"
  FROM (
    SELECT
      "t12"."stage_id",
      MIN("t12"."label") AS "stage_name",
      MAX("t12"."rank") AS "rank"
    FROM (
      SELECT
        "t11"."stage_id",
        "t11"."label",
        "t11"."won",
        "t11"."closed",
        "t11"."share",
        "t11"."meaning",
        CASE
          WHEN "t11"."meaning" = 'won'
          THEN 5
          WHEN "t11"."meaning" = 'lost'
          THEN 4
          WHEN "t11"."meaning" = 'opportunity'
          THEN 3
          WHEN "t11"."meaning" = 'sql'
          THEN 2
          WHEN "t11"."meaning" = 'lead'
          THEN 1
          ELSE NULL
        END AS "rank"
      FROM (
        SELECT
          "t10"."stage_id",
          "t10"."label",
          "t10"."won",
          "t10"."closed",
          "t10"."share",
          CASE
            WHEN "t10"."share" = 1
            THEN 'won'
            WHEN "t10"."share" = 0
            THEN 'lost'
            WHEN "t10"."won" AND "t10"."closed"
            THEN 'won'
            WHEN NOT (
              "t10"."won"
            ) AND "t10"."closed"
            THEN 'lost'
            WHEN NOT (
              CASE
                WHEN "t10"."closed" IS NOT NULL
                THEN NOT (
                  "t10"."closed"
                )
                WHEN "t10"."won" IS NOT NULL
                THEN NOT (
                  "t10"."won"
                )
                ELSE TRUE
              END
            )
            OR (
              "t10"."won" AND NOT (
                "t10"."closed"
              )
            )
            THEN CAST(NULL AS TEXT)
            WHEN "t10"."share" >= CAST(0.6 AS DECIMAL(18, 3))
            THEN 'opportunity'
            WHEN "t10"."share" >= CAST(0.4 AS DECIMAL(18, 3))
            THEN 'sql'
            WHEN "t10"."share" IS NOT NULL
            THEN 'lead'
            ELSE CAST(NULL AS TEXT)
          END AS "meaning"
        FROM (
          SELECT
            "t3"."stage_id",
            "t3"."label",
            "t3"."closed_won" AS "won",
            "t3"."is_closed" AS "closed",
            COALESCE(
              CASE
                WHEN CAST(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6)) > 1
                THEN CAST(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6)) * CAST('0.01' AS DECIMAL(3, 2))
                ELSE CAST(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6))
              END,
              CASE
                WHEN COALESCE(LOWER("t3"."stage_id"), '') = 'appointmentscheduled'
                THEN CAST('0.2' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER("t3"."stage_id"), '') = 'qualifiedtobuy'
                THEN CAST('0.4' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER("t3"."stage_id"), '') = 'presentationscheduled'
                THEN CAST('0.6' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER("t3"."stage_id"), '') = 'decisionmakerboughtin'
                THEN CAST('0.8' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER("t3"."stage_id"), '') = 'contractsent'
                THEN CAST('0.9' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER("t3"."stage_id"), '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER("t3"."stage_id"), '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER("t3"."label"), ''), ' ', '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER("t3"."label"), ''), ' ', '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                ELSE NULL
              END
            ) AS "share"
          FROM "hubspot"."deal_pipeline_stage" AS "t3"
        ) AS "t10"
      ) AS "t11"
    ) AS "t12"
    GROUP BY
      1
  ) AS "t13"
), "t18" AS (
  SELECT
    "t7"."id",
    "t7"."at",
    "t17"."meaning"
  FROM (
    SELECT
      CAST("t2"."deal_id" AS TEXT) AS "id",
      COALESCE("t2"."date_entered", "t2"."_fivetran_start") AS "at",
      "t2"."value"
    FROM "hubspot"."deal_stage" AS "t2"
  ) AS "t7"
  LEFT OUTER JOIN "t14" AS "t17"
    ON "t7"."value" = "t17"."stage_id"
)
SELECT
  "t31"."deal_id" AS "id",
  "t31"."rep_id",
  "t31"."amount",
  "t31"."currency",
  COALESCE(
    "t31"."changed_at",
    GREATEST(
      "t31"."created_at",
      "t31"."qualified_at",
      "t31"."negotiated_at",
      CASE
        WHEN "t31"."stage" IN ('won', 'lost')
        THEN COALESCE("t31"."since", "t31"."close_day")
        ELSE CAST(NULL AS TIMESTAMP(6))
      END
    )
  ) AS "updated_at",
  CASE
    WHEN "t31"."stage" IN ('won', 'lost')
    THEN COALESCE("t31"."since", "t31"."close_day")
    ELSE CAST(NULL AS TIMESTAMP(6))
  END AS "closed_at",
  "t31"."deal_id" AS "lead_id",
  CASE
    WHEN "t31"."stage" IN ('won', 'lost')
    THEN "t31"."stage"
    WHEN "t31"."stage" IS NOT NULL
    THEN 'open'
    ELSE NULL
  END AS "status",
  COALESCE("t31"."negotiated_at", "t31"."created_at") AS "created_at"
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
    "t30"."id",
    "t30"."since",
    "t30"."was_other",
    CASE
      WHEN "t30"."meaning" IS NOT NULL
      THEN "t30"."meaning"
      WHEN "t30"."own_verdict" IS NOT NULL
      THEN "t30"."own_verdict"
      WHEN "t30"."own_stage_id" IS NULL
      THEN 'lead'
      ELSE CAST(NULL AS TEXT)
    END AS "stage"
  FROM (
    SELECT
      "t26"."deal_id",
      "t26"."own_stage_id",
      "t26"."own_verdict",
      "t26"."rep_id",
      "t26"."amount",
      "t26"."currency",
      "t26"."created_at",
      "t26"."changed_at",
      "t26"."close_day",
      "t26"."stage_id",
      "t26"."stage_name",
      "t26"."meaning",
      "t26"."qualified_at",
      "t26"."negotiated_at",
      "t29"."id",
      "t29"."since",
      "t29"."was_other"
    FROM (
      SELECT
        "t23".*
        EXCLUDE ("id")
      FROM (
        SELECT
          "t9"."deal_id",
          "t9"."own_stage_id",
          "t9"."own_verdict",
          "t9"."rep_id",
          "t9"."amount",
          "t9"."currency",
          "t9"."created_at",
          "t9"."changed_at",
          "t9"."close_day",
          "t16"."stage_id",
          "t16"."stage_name",
          "t16"."meaning",
          "t22"."id",
          "t22"."qualified_at",
          "t22"."negotiated_at"
        FROM (
          SELECT
            CAST("t0"."deal_id" AS TEXT) AS "deal_id",
            NULLIF("t0"."deal_pipeline_stage_id", '') AS "own_stage_id",
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
            COALESCE(CAST("t0"."owner_id" AS TEXT), 'unassigned') AS "rep_id",
            COALESCE(
              CAST(NULLIF(NULLIF(CAST("t0"."property_amount" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6)),
              0
            ) AS "amount",
            NULLIF(UPPER("t0"."property_deal_currency_code"), '') AS "currency",
            "t0"."property_createdate" AS "created_at",
            "t0"."property_hs_lastmodifieddate" AS "changed_at",
            "t0"."property_closedate" AS "close_day"
          FROM "hubspot"."deal" AS "t0"
          WHERE
            COALESCE("t0"."is_deleted", FALSE) = FALSE
        ) AS "t9"
        ANTI JOIN (
          SELECT
            CAST("t1"."merged_deal_id" AS TEXT) AS "merged_id"
          FROM "hubspot"."merged_deal" AS "t1"
        ) AS "t6"
          ON "t9"."deal_id" = "t6"."merged_id"
        LEFT OUTER JOIN "t14" AS "t16"
          ON "t9"."own_stage_id" = "t16"."stage_id"
        LEFT OUTER JOIN (
          SELECT
            "t19"."id",
            MIN("t19"."at") FILTER(WHERE
              "t19"."meaning" IN ('won', 'opportunity', 'sql')) AS "qualified_at",
            MIN("t19"."at") FILTER(WHERE
              "t19"."meaning" IN ('won', 'opportunity')) AS "negotiated_at"
          FROM "t18" AS "t19"
          GROUP BY
            1
        ) AS "t22"
          ON "t9"."deal_id" = "t22"."id"
      ) AS "t23"
    ) AS "t26"
    LEFT OUTER JOIN (
      SELECT
        "t27"."id",
        MIN("t27"."at") AS "since",
        BOOL_OR(CAST("t27"."last_other" IS NOT NULL AS BOOLEAN)) AS "was_other"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t21"."id",
            "t21"."at",
            "t21"."holds",
            MAX(
              CASE
                WHEN NOT (
                  "t21"."holds"
                )
                THEN "t21"."at"
                ELSE CAST(NULL AS TIMESTAMP(6))
              END
            ) OVER (PARTITION BY "t21"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
          FROM (
            SELECT
              "t19"."id",
              "t19"."at",
              COALESCE("t19"."meaning" IN ('won', 'lost'), FALSE) AS "holds"
            FROM "t18" AS "t19"
          ) AS "t21"
        ) AS "t25"
        WHERE
          "t25"."holds"
          AND (
            (
              "t25"."last_other" IS NULL
            ) OR (
              "t25"."at" >= "t25"."last_other"
            )
          )
      ) AS "t27"
      GROUP BY
        1
    ) AS "t29"
      ON "t26"."deal_id" = "t29"."id"
  ) AS "t30"
) AS "t31"
WHERE
  (
    "t31"."negotiated_at" IS NOT NULL
  )
  OR "t31"."stage" IN ('opportunity', 'won')
