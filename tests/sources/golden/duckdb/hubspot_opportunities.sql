WITH "t13" AS (
  SELECT
    "t12"."stage_id",
    "t12"."stage_name",
    CASE
      WHEN "t12"."rank" = 5
      THEN 'won'
      WHEN "t12"."rank" = 4
      THEN 'lost'
      WHEN "t12"."rank" = 3
      THEN 'opportunity'
      WHEN "t12"."rank" = 2
      THEN 'sql'
      WHEN "t12"."rank" = 1
      THEN 'lead'
      ELSE NULL
    END AS "meaning"
  FROM (
    SELECT
      "t11"."stage_id",
      MIN("t11"."label") AS "stage_name",
      MAX("t11"."rank") AS "rank"
    FROM (
      SELECT
        "t10"."stage_id",
        "t10"."label",
        "t10"."meaning",
        CASE
          WHEN "t10"."meaning" = 'won'
          THEN 5
          WHEN "t10"."meaning" = 'lost'
          THEN 4
          WHEN "t10"."meaning" = 'opportunity'
          THEN 3
          WHEN "t10"."meaning" = 'sql'
          THEN 2
          WHEN "t10"."meaning" = 'lead'
          THEN 1
          ELSE NULL
        END AS "rank"
      FROM (
        SELECT
          "t2"."stage_id",
          "t2"."label",
          CASE
            WHEN COALESCE(
              CASE
                WHEN CAST(NULLIF(NULLIF(NULLIF(CAST("t2"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) > 1
                THEN CAST(NULLIF(NULLIF(NULLIF(CAST("t2"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) * CAST('0.01' AS DECIMAL(3, 2))
                ELSE CAST(NULLIF(NULLIF(NULLIF(CAST("t2"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6))
              END,
              CASE
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'appointmentscheduled'
                THEN CAST('0.2' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'qualifiedtobuy'
                THEN CAST('0.4' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'presentationscheduled'
                THEN CAST('0.6' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'decisionmakerboughtin'
                THEN CAST('0.8' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'contractsent'
                THEN CAST('0.9' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t2"."label", ' 	
')), ''), ' ', '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t2"."label", ' 	
')), ''), ' ', '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                ELSE NULL
              END
            ) = 1
            THEN 'won'
            WHEN COALESCE(
              CASE
                WHEN CAST(NULLIF(NULLIF(NULLIF(CAST("t2"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) > 1
                THEN CAST(NULLIF(NULLIF(NULLIF(CAST("t2"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) * CAST('0.01' AS DECIMAL(3, 2))
                ELSE CAST(NULLIF(NULLIF(NULLIF(CAST("t2"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6))
              END,
              CASE
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'appointmentscheduled'
                THEN CAST('0.2' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'qualifiedtobuy'
                THEN CAST('0.4' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'presentationscheduled'
                THEN CAST('0.6' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'decisionmakerboughtin'
                THEN CAST('0.8' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'contractsent'
                THEN CAST('0.9' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t2"."label", ' 	
')), ''), ' ', '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t2"."label", ' 	
')), ''), ' ', '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                ELSE NULL
              END
            ) = 0
            THEN 'lost'
            WHEN "t2"."closed_won" AND "t2"."is_closed"
            THEN 'won'
            WHEN NOT (
              "t2"."closed_won"
            ) AND "t2"."is_closed"
            THEN 'lost'
            WHEN NOT (
              CASE
                WHEN "t2"."is_closed" IS NOT NULL
                THEN NOT (
                  "t2"."is_closed"
                )
                WHEN "t2"."closed_won" IS NOT NULL
                THEN NOT (
                  "t2"."closed_won"
                )
                ELSE TRUE
              END
            )
            OR (
              "t2"."closed_won" AND NOT (
                "t2"."is_closed"
              )
            )
            THEN CAST(NULL AS TEXT)
            WHEN COALESCE(
              CASE
                WHEN CAST(NULLIF(NULLIF(NULLIF(CAST("t2"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) > 1
                THEN CAST(NULLIF(NULLIF(NULLIF(CAST("t2"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) * CAST('0.01' AS DECIMAL(3, 2))
                ELSE CAST(NULLIF(NULLIF(NULLIF(CAST("t2"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6))
              END,
              CASE
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'appointmentscheduled'
                THEN CAST('0.2' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'qualifiedtobuy'
                THEN CAST('0.4' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'presentationscheduled'
                THEN CAST('0.6' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'decisionmakerboughtin'
                THEN CAST('0.8' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'contractsent'
                THEN CAST('0.9' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t2"."label", ' 	
')), ''), ' ', '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t2"."label", ' 	
')), ''), ' ', '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                ELSE NULL
              END
            ) >= CAST(0.6 AS DECIMAL(18, 3))
            THEN 'opportunity'
            WHEN COALESCE(
              CASE
                WHEN CAST(NULLIF(NULLIF(NULLIF(CAST("t2"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) > 1
                THEN CAST(NULLIF(NULLIF(NULLIF(CAST("t2"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) * CAST('0.01' AS DECIMAL(3, 2))
                ELSE CAST(NULLIF(NULLIF(NULLIF(CAST("t2"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6))
              END,
              CASE
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'appointmentscheduled'
                THEN CAST('0.2' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'qualifiedtobuy'
                THEN CAST('0.4' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'presentationscheduled'
                THEN CAST('0.6' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'decisionmakerboughtin'
                THEN CAST('0.8' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'contractsent'
                THEN CAST('0.9' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t2"."label", ' 	
')), ''), ' ', '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t2"."label", ' 	
')), ''), ' ', '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                ELSE NULL
              END
            ) >= CAST(0.4 AS DECIMAL(18, 3))
            THEN 'sql'
            WHEN COALESCE(
              CASE
                WHEN CAST(NULLIF(NULLIF(NULLIF(CAST("t2"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) > 1
                THEN CAST(NULLIF(NULLIF(NULLIF(CAST("t2"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)) * CAST('0.01' AS DECIMAL(3, 2))
                ELSE CAST(NULLIF(NULLIF(NULLIF(CAST("t2"."probability" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6))
              END,
              CASE
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'appointmentscheduled'
                THEN CAST('0.2' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'qualifiedtobuy'
                THEN CAST('0.4' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'presentationscheduled'
                THEN CAST('0.6' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'decisionmakerboughtin'
                THEN CAST('0.8' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'contractsent'
                THEN CAST('0.9' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN COALESCE(LOWER(TRIM("t2"."stage_id", ' 	
')), '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t2"."label", ' 	
')), ''), ' ', '') = 'closedwon'
                THEN CAST('1' AS DECIMAL(24, 6))
                WHEN REPLACE(COALESCE(LOWER(TRIM("t2"."label", ' 	
')), ''), ' ', '') = 'closedlost'
                THEN CAST('0' AS DECIMAL(24, 6))
                ELSE NULL
              END
            ) IS NOT NULL
            THEN 'lead'
            ELSE CAST(NULL AS TEXT)
          END AS "meaning"
        FROM "hubspot"."deal_pipeline_stage" AS "t2"
      ) AS "t10"
    ) AS "t11"
    GROUP BY
      1
  ) AS "t12"
), "t17" AS (
  SELECT
    "t7"."id",
    "t7"."at",
    "t16"."meaning"
  FROM (
    SELECT
      CAST("t3"."deal_id" AS TEXT) AS "id",
      COALESCE("t3"."date_entered", "t3"."_fivetran_start") AS "at",
      "t3"."value"
    FROM "hubspot"."deal_stage" AS "t3"
  ) AS "t7"
  LEFT OUTER JOIN "t13" AS "t16"
    ON "t7"."value" = "t16"."stage_id"
)
SELECT
  "t30"."deal_id" AS "id",
  "t30"."rep_id",
  "t30"."amount",
  "t30"."currency",
  COALESCE(
    "t30"."changed_at",
    GREATEST(
      "t30"."created_at",
      "t30"."qualified_at",
      "t30"."negotiated_at",
      CASE
        WHEN "t30"."stage" IN ('won', 'lost')
        THEN COALESCE("t30"."since", "t30"."close_day")
        ELSE CAST(NULL AS TIMESTAMP(6))
      END
    )
  ) AS "updated_at",
  CASE
    WHEN "t30"."stage" IN ('won', 'lost')
    THEN COALESCE("t30"."since", "t30"."close_day")
    ELSE CAST(NULL AS TIMESTAMP(6))
  END AS "closed_at",
  "t30"."deal_id" AS "lead_id",
  CASE
    WHEN "t30"."stage" IN ('won', 'lost')
    THEN "t30"."stage"
    WHEN "t30"."stage" IS NOT NULL
    THEN 'open'
    ELSE NULL
  END AS "status",
  COALESCE("t30"."negotiated_at", "t30"."created_at") AS "created_at"
FROM (
  SELECT
    "t29"."deal_id",
    "t29"."own_stage_id",
    "t29"."own_verdict",
    "t29"."rep_id",
    "t29"."amount",
    "t29"."currency",
    "t29"."created_at",
    "t29"."changed_at",
    "t29"."close_day",
    "t29"."stage_id",
    "t29"."stage_name",
    "t29"."meaning",
    "t29"."qualified_at",
    "t29"."negotiated_at",
    "t29"."id",
    "t29"."since",
    "t29"."was_other",
    CASE
      WHEN "t29"."meaning" IS NOT NULL
      THEN "t29"."meaning"
      WHEN "t29"."own_verdict" IS NOT NULL
      THEN "t29"."own_verdict"
      WHEN "t29"."own_stage_id" IS NULL
      THEN 'lead'
      ELSE CAST(NULL AS TEXT)
    END AS "stage"
  FROM (
    SELECT
      "t25"."deal_id",
      "t25"."own_stage_id",
      "t25"."own_verdict",
      "t25"."rep_id",
      "t25"."amount",
      "t25"."currency",
      "t25"."created_at",
      "t25"."changed_at",
      "t25"."close_day",
      "t25"."stage_id",
      "t25"."stage_name",
      "t25"."meaning",
      "t25"."qualified_at",
      "t25"."negotiated_at",
      "t28"."id",
      "t28"."since",
      "t28"."was_other"
    FROM (
      SELECT
        "t22".*
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
          "t15"."stage_id",
          "t15"."stage_name",
          "t15"."meaning",
          "t21"."id",
          "t21"."qualified_at",
          "t21"."negotiated_at"
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
              CAST(NULLIF(NULLIF(NULLIF(CAST("t0"."property_amount" AS TEXT), ''), 'nan'), 'NaN') AS DECIMAL(24, 6)),
              0
            ) AS "amount",
            NULLIF(UPPER(TRIM("t0"."property_deal_currency_code", ' 	
')), '') AS "currency",
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
        LEFT OUTER JOIN "t13" AS "t15"
          ON "t9"."own_stage_id" = "t15"."stage_id"
        LEFT OUTER JOIN (
          SELECT
            "t18"."id",
            MIN("t18"."at") FILTER(WHERE
              "t18"."meaning" IN ('won', 'opportunity', 'sql')) AS "qualified_at",
            MIN("t18"."at") FILTER(WHERE
              "t18"."meaning" IN ('won', 'opportunity')) AS "negotiated_at"
          FROM "t17" AS "t18"
          GROUP BY
            1
        ) AS "t21"
          ON "t9"."deal_id" = "t21"."id"
      ) AS "t22"
    ) AS "t25"
    LEFT OUTER JOIN (
      SELECT
        "t26"."id",
        MIN("t26"."at") AS "since",
        BOOL_OR(CAST("t26"."last_other" IS NOT NULL AS BOOLEAN)) AS "was_other"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t20"."id",
            "t20"."at",
            "t20"."holds",
            MAX(
              CASE
                WHEN NOT (
                  "t20"."holds"
                )
                THEN "t20"."at"
                ELSE CAST(NULL AS TIMESTAMP(6))
              END
            ) OVER (PARTITION BY "t20"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
          FROM (
            SELECT
              "t18"."id",
              "t18"."at",
              COALESCE("t18"."meaning" IN ('won', 'lost'), FALSE) AS "holds"
            FROM "t17" AS "t18"
          ) AS "t20"
        ) AS "t24"
        WHERE
          "t24"."holds"
          AND (
            (
              "t24"."last_other" IS NULL
            ) OR (
              "t24"."at" >= "t24"."last_other"
            )
          )
      ) AS "t26"
      GROUP BY
        1
    ) AS "t28"
      ON "t25"."deal_id" = "t28"."id"
  ) AS "t29"
) AS "t30"
WHERE
  (
    "t30"."negotiated_at" IS NOT NULL
  )
  OR "t30"."stage" IN ('opportunity', 'won')
