WITH "t1" AS (
  SELECT
    "t0"."facility_id",
    "t0"."rep_id",
    "t0"."month",
    "t0"."stage",
    COUNT(*) AS "deal_count",
    SUM("t0"."amount") AS "amount"
  FROM "stg_leads" AS "t0"
  GROUP BY
    1,
    2,
    3,
    4
)
SELECT
  "t9"."facility_id",
  "t9"."rep_id",
  "t9"."month",
  "t9"."stage",
  "t9"."deal_count",
  "t9"."scenario",
  "t9"."total_pipeline_value",
  "t9"."weighted_pipeline_value",
  "t9"."win_probability",
  "t9"."stage_weight",
  CAST(CAST(CAST("t9"."weighted_pipeline_value" AS DECIMAL(38, 2)) * 100 AS BIGINT) AS DOUBLE PRECISION) / NULLIF(
    CAST(CAST(CAST("t9"."total_pipeline_value" AS DECIMAL(38, 2)) * 100 AS BIGINT) AS DOUBLE PRECISION),
    0
  ) AS "weight_factor"
FROM (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t2"."facility_id",
        "t2"."rep_id",
        "t2"."month",
        "t2"."stage",
        "t2"."deal_count",
        'base' AS "scenario",
        CAST(CAST(ROUND(CAST("t2"."amount" AS DECIMAL), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "total_pipeline_value",
        CAST(CAST(ROUND(
          CAST("t2"."amount" * CASE "t2"."stage"
            WHEN 'lead'
            THEN CAST('0.15000000' AS DECIMAL(38, 8))
            WHEN 'sql'
            THEN CAST('0.30000000' AS DECIMAL(38, 8))
            WHEN 'opportunity'
            THEN CAST('0.50000000' AS DECIMAL(38, 8))
            WHEN 'won'
            THEN CAST('1.00000000' AS DECIMAL(38, 8))
            WHEN 'lost'
            THEN CAST('0E-8' AS DECIMAL(38, 8))
            ELSE NULL
          END * CASE "t2"."stage"
            WHEN 'lead'
            THEN CAST('0.1000' AS DECIMAL(38, 4))
            WHEN 'sql'
            THEN CAST('0.2500' AS DECIMAL(38, 4))
            WHEN 'opportunity'
            THEN CAST('0.5000' AS DECIMAL(38, 4))
            WHEN 'won'
            THEN CAST('1.0000' AS DECIMAL(38, 4))
            WHEN 'lost'
            THEN CAST('0.0000' AS DECIMAL(38, 4))
            ELSE NULL
          END AS DECIMAL),
          2
        ) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_pipeline_value",
        CAST(CASE "t2"."stage"
          WHEN 'lead'
          THEN CAST('0.15000000' AS DECIMAL(38, 8))
          WHEN 'sql'
          THEN CAST('0.30000000' AS DECIMAL(38, 8))
          WHEN 'opportunity'
          THEN CAST('0.50000000' AS DECIMAL(38, 8))
          WHEN 'won'
          THEN CAST('1.00000000' AS DECIMAL(38, 8))
          WHEN 'lost'
          THEN CAST('0E-8' AS DECIMAL(38, 8))
          ELSE NULL
        END AS DOUBLE PRECISION) AS "win_probability",
        CAST(CASE "t2"."stage"
          WHEN 'lead'
          THEN CAST('0.1000' AS DECIMAL(38, 4))
          WHEN 'sql'
          THEN CAST('0.2500' AS DECIMAL(38, 4))
          WHEN 'opportunity'
          THEN CAST('0.5000' AS DECIMAL(38, 4))
          WHEN 'won'
          THEN CAST('1.0000' AS DECIMAL(38, 4))
          WHEN 'lost'
          THEN CAST('0.0000' AS DECIMAL(38, 4))
          ELSE NULL
        END AS DOUBLE PRECISION) AS "stage_weight"
      FROM "t1" AS "t2"
    ) AS "t3"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t2"."facility_id",
        "t2"."rep_id",
        "t2"."month",
        "t2"."stage",
        "t2"."deal_count",
        'probability_only' AS "scenario",
        CAST(CAST(ROUND(CAST("t2"."amount" AS DECIMAL), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "total_pipeline_value",
        CAST(CAST(ROUND(
          CAST("t2"."amount" * CASE "t2"."stage"
            WHEN 'lead'
            THEN CAST('0.15000000' AS DECIMAL(38, 8))
            WHEN 'sql'
            THEN CAST('0.30000000' AS DECIMAL(38, 8))
            WHEN 'opportunity'
            THEN CAST('0.50000000' AS DECIMAL(38, 8))
            WHEN 'won'
            THEN CAST('1.00000000' AS DECIMAL(38, 8))
            WHEN 'lost'
            THEN CAST('0E-8' AS DECIMAL(38, 8))
            ELSE NULL
          END * CAST('1' AS DECIMAL(38, 4)) AS DECIMAL),
          2
        ) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_pipeline_value",
        CAST(CASE "t2"."stage"
          WHEN 'lead'
          THEN CAST('0.15000000' AS DECIMAL(38, 8))
          WHEN 'sql'
          THEN CAST('0.30000000' AS DECIMAL(38, 8))
          WHEN 'opportunity'
          THEN CAST('0.50000000' AS DECIMAL(38, 8))
          WHEN 'won'
          THEN CAST('1.00000000' AS DECIMAL(38, 8))
          WHEN 'lost'
          THEN CAST('0E-8' AS DECIMAL(38, 8))
          ELSE NULL
        END AS DOUBLE PRECISION) AS "win_probability",
        1.0 AS "stage_weight"
      FROM "t1" AS "t2"
    ) AS "t4"
  ) AS "t7"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t2"."facility_id",
        "t2"."rep_id",
        "t2"."month",
        "t2"."stage",
        "t2"."deal_count",
        'best' AS "scenario",
        CAST(CAST(ROUND(CAST("t2"."amount" AS DECIMAL), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "total_pipeline_value",
        CAST(CAST(ROUND(
          CAST("t2"."amount" * CASE "t2"."stage"
            WHEN 'lead'
            THEN CAST('0.18750000' AS DECIMAL(38, 8))
            WHEN 'sql'
            THEN CAST('0.37500000' AS DECIMAL(38, 8))
            WHEN 'opportunity'
            THEN CAST('0.62500000' AS DECIMAL(38, 8))
            WHEN 'won'
            THEN CAST('1.00000000' AS DECIMAL(38, 8))
            WHEN 'lost'
            THEN CAST('0E-8' AS DECIMAL(38, 8))
            ELSE NULL
          END * CASE "t2"."stage"
            WHEN 'lead'
            THEN CAST('0.1000' AS DECIMAL(38, 4))
            WHEN 'sql'
            THEN CAST('0.2500' AS DECIMAL(38, 4))
            WHEN 'opportunity'
            THEN CAST('0.5000' AS DECIMAL(38, 4))
            WHEN 'won'
            THEN CAST('1.0000' AS DECIMAL(38, 4))
            WHEN 'lost'
            THEN CAST('0.0000' AS DECIMAL(38, 4))
            ELSE NULL
          END AS DECIMAL),
          2
        ) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_pipeline_value",
        CAST(CASE "t2"."stage"
          WHEN 'lead'
          THEN CAST('0.18750000' AS DECIMAL(38, 8))
          WHEN 'sql'
          THEN CAST('0.37500000' AS DECIMAL(38, 8))
          WHEN 'opportunity'
          THEN CAST('0.62500000' AS DECIMAL(38, 8))
          WHEN 'won'
          THEN CAST('1.00000000' AS DECIMAL(38, 8))
          WHEN 'lost'
          THEN CAST('0E-8' AS DECIMAL(38, 8))
          ELSE NULL
        END AS DOUBLE PRECISION) AS "win_probability",
        CAST(CASE "t2"."stage"
          WHEN 'lead'
          THEN CAST('0.1000' AS DECIMAL(38, 4))
          WHEN 'sql'
          THEN CAST('0.2500' AS DECIMAL(38, 4))
          WHEN 'opportunity'
          THEN CAST('0.5000' AS DECIMAL(38, 4))
          WHEN 'won'
          THEN CAST('1.0000' AS DECIMAL(38, 4))
          WHEN 'lost'
          THEN CAST('0.0000' AS DECIMAL(38, 4))
          ELSE NULL
        END AS DOUBLE PRECISION) AS "stage_weight"
      FROM "t1" AS "t2"
    ) AS "t5"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t2"."facility_id",
        "t2"."rep_id",
        "t2"."month",
        "t2"."stage",
        "t2"."deal_count",
        'worst' AS "scenario",
        CAST(CAST(ROUND(CAST("t2"."amount" AS DECIMAL), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "total_pipeline_value",
        CAST(CAST(ROUND(
          CAST("t2"."amount" * CASE "t2"."stage"
            WHEN 'lead'
            THEN CAST('0.11250000' AS DECIMAL(38, 8))
            WHEN 'sql'
            THEN CAST('0.22500000' AS DECIMAL(38, 8))
            WHEN 'opportunity'
            THEN CAST('0.37500000' AS DECIMAL(38, 8))
            WHEN 'won'
            THEN CAST('1.00000000' AS DECIMAL(38, 8))
            WHEN 'lost'
            THEN CAST('0E-8' AS DECIMAL(38, 8))
            ELSE NULL
          END * CASE "t2"."stage"
            WHEN 'lead'
            THEN CAST('0.1000' AS DECIMAL(38, 4))
            WHEN 'sql'
            THEN CAST('0.2500' AS DECIMAL(38, 4))
            WHEN 'opportunity'
            THEN CAST('0.5000' AS DECIMAL(38, 4))
            WHEN 'won'
            THEN CAST('1.0000' AS DECIMAL(38, 4))
            WHEN 'lost'
            THEN CAST('0.0000' AS DECIMAL(38, 4))
            ELSE NULL
          END AS DECIMAL),
          2
        ) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_pipeline_value",
        CAST(CASE "t2"."stage"
          WHEN 'lead'
          THEN CAST('0.11250000' AS DECIMAL(38, 8))
          WHEN 'sql'
          THEN CAST('0.22500000' AS DECIMAL(38, 8))
          WHEN 'opportunity'
          THEN CAST('0.37500000' AS DECIMAL(38, 8))
          WHEN 'won'
          THEN CAST('1.00000000' AS DECIMAL(38, 8))
          WHEN 'lost'
          THEN CAST('0E-8' AS DECIMAL(38, 8))
          ELSE NULL
        END AS DOUBLE PRECISION) AS "win_probability",
        CAST(CASE "t2"."stage"
          WHEN 'lead'
          THEN CAST('0.1000' AS DECIMAL(38, 4))
          WHEN 'sql'
          THEN CAST('0.2500' AS DECIMAL(38, 4))
          WHEN 'opportunity'
          THEN CAST('0.5000' AS DECIMAL(38, 4))
          WHEN 'won'
          THEN CAST('1.0000' AS DECIMAL(38, 4))
          WHEN 'lost'
          THEN CAST('0.0000' AS DECIMAL(38, 4))
          ELSE NULL
        END AS DOUBLE PRECISION) AS "stage_weight"
      FROM "t1" AS "t2"
    ) AS "t6"
  ) AS "t8"
) AS "t9"
