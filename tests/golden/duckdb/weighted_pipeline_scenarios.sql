WITH "t4" AS (
  SELECT
    "t3"."facility_id",
    "t3"."rep_id",
    "t3"."month",
    "t3"."stage",
    SUM("t3"."deal_count") AS "deal_count",
    CAST(CAST(ROUND(SUM("t3"."amount"), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "total_pipeline_value",
    CAST(CAST(CAST(FLOOR(SUM("t3"."amount")) AS DECIMAL(38, 6)) AS BIGINT) AS DOUBLE) + CAST(CAST(SUM("t3"."amount") - CAST(FLOOR(SUM("t3"."amount")) AS DECIMAL(38, 6)) AS DECIMAL(18, 12)) AS DOUBLE) AS "exact_amount",
    CAST(SUM("t3"."amount" * "t3"."probability_0") AS DECIMAL(38, 16)) AS "expected_0",
    CAST(SUM("t3"."amount" * "t3"."probability_1") AS DECIMAL(38, 16)) AS "expected_1",
    CAST(SUM("t3"."amount" * "t3"."probability_2") AS DECIMAL(38, 16)) AS "expected_2",
    CAST(SUM("t3"."amount" * "t3"."probability_3") AS DECIMAL(38, 16)) AS "expected_3",
    MIN("t3"."probability_0") AS "lowest_0",
    MIN("t3"."probability_1") AS "lowest_1",
    MIN("t3"."probability_2") AS "lowest_2",
    MIN("t3"."probability_3") AS "lowest_3",
    MAX("t3"."probability_0") AS "highest_0",
    MAX("t3"."probability_1") AS "highest_1",
    MAX("t3"."probability_2") AS "highest_2",
    MAX("t3"."probability_3") AS "highest_3"
  FROM (
    SELECT
      "t2"."facility_id",
      "t2"."rep_id",
      "t2"."month",
      "t2"."stage",
      "t2"."own_probability",
      "t2"."deal_count",
      "t2"."amount",
      COALESCE(
        CASE
          WHEN CAST("t2"."own_probability" * CAST(1.0000 AS DECIMAL(22, 4)) AS DECIMAL(38, 10)) > 1
          THEN CAST(1.0000000000 AS DECIMAL(38, 10))
          ELSE CAST("t2"."own_probability" * CAST(1.0000 AS DECIMAL(22, 4)) AS DECIMAL(38, 10))
        END,
        CASE "t2"."stage"
          WHEN 'lead'
          THEN CAST(0.1500000000 AS DECIMAL(38, 10))
          WHEN 'sql'
          THEN CAST(0.3000000000 AS DECIMAL(38, 10))
          WHEN 'opportunity'
          THEN CAST(0.5000000000 AS DECIMAL(38, 10))
          WHEN 'won'
          THEN CAST(1.0000000000 AS DECIMAL(38, 10))
          WHEN 'lost'
          THEN CAST(0E-10 AS DECIMAL(38, 10))
          ELSE NULL
        END
      ) AS "probability_0",
      COALESCE(
        CASE
          WHEN CAST("t2"."own_probability" * CAST(1.0000 AS DECIMAL(22, 4)) AS DECIMAL(38, 10)) > 1
          THEN CAST(1.0000000000 AS DECIMAL(38, 10))
          ELSE CAST("t2"."own_probability" * CAST(1.0000 AS DECIMAL(22, 4)) AS DECIMAL(38, 10))
        END,
        CASE "t2"."stage"
          WHEN 'lead'
          THEN CAST(0.1500000000 AS DECIMAL(38, 10))
          WHEN 'sql'
          THEN CAST(0.3000000000 AS DECIMAL(38, 10))
          WHEN 'opportunity'
          THEN CAST(0.5000000000 AS DECIMAL(38, 10))
          WHEN 'won'
          THEN CAST(1.0000000000 AS DECIMAL(38, 10))
          WHEN 'lost'
          THEN CAST(0E-10 AS DECIMAL(38, 10))
          ELSE NULL
        END
      ) AS "probability_1",
      COALESCE(
        CASE
          WHEN CAST("t2"."own_probability" * CAST(1.2500 AS DECIMAL(22, 4)) AS DECIMAL(38, 10)) > 1
          THEN CAST(1.0000000000 AS DECIMAL(38, 10))
          ELSE CAST("t2"."own_probability" * CAST(1.2500 AS DECIMAL(22, 4)) AS DECIMAL(38, 10))
        END,
        CASE "t2"."stage"
          WHEN 'lead'
          THEN CAST(0.1875000000 AS DECIMAL(38, 10))
          WHEN 'sql'
          THEN CAST(0.3750000000 AS DECIMAL(38, 10))
          WHEN 'opportunity'
          THEN CAST(0.6250000000 AS DECIMAL(38, 10))
          WHEN 'won'
          THEN CAST(1.0000000000 AS DECIMAL(38, 10))
          WHEN 'lost'
          THEN CAST(0E-10 AS DECIMAL(38, 10))
          ELSE NULL
        END
      ) AS "probability_2",
      COALESCE(
        CASE
          WHEN CAST("t2"."own_probability" * CAST(0.7500 AS DECIMAL(22, 4)) AS DECIMAL(38, 10)) > 1
          THEN CAST(1.0000000000 AS DECIMAL(38, 10))
          ELSE CAST("t2"."own_probability" * CAST(0.7500 AS DECIMAL(22, 4)) AS DECIMAL(38, 10))
        END,
        CASE "t2"."stage"
          WHEN 'lead'
          THEN CAST(0.1125000000 AS DECIMAL(38, 10))
          WHEN 'sql'
          THEN CAST(0.2250000000 AS DECIMAL(38, 10))
          WHEN 'opportunity'
          THEN CAST(0.3750000000 AS DECIMAL(38, 10))
          WHEN 'won'
          THEN CAST(1.0000000000 AS DECIMAL(38, 10))
          WHEN 'lost'
          THEN CAST(0E-10 AS DECIMAL(38, 10))
          ELSE NULL
        END
      ) AS "probability_3"
    FROM (
      SELECT
        "t1"."facility_id",
        "t1"."rep_id",
        "t1"."month",
        "t1"."stage",
        "t1"."own_probability",
        COUNT(*) AS "deal_count",
        SUM("t1"."amount") AS "amount"
      FROM (
        SELECT
          "t0"."lead_id",
          "t0"."facility_id",
          "t0"."rep_id",
          "t0"."status",
          "t0"."stage",
          "t0"."amount",
          "t0"."currency",
          "t0"."win_probability",
          "t0"."created_at",
          "t0"."updated_at",
          "t0"."qualified_at",
          "t0"."closed_at",
          "t0"."month",
          "t0"."cohort_month",
          CASE
            WHEN "t0"."stage" IN ('lead', 'sql', 'opportunity')
            THEN "t0"."win_probability"
            ELSE CAST(NULL AS DECIMAL(24, 6))
          END AS "own_probability"
        FROM "stg_leads" AS "t0"
      ) AS "t1"
      GROUP BY
        1,
        2,
        3,
        4,
        5
    ) AS "t2"
  ) AS "t3"
  GROUP BY
    1,
    2,
    3,
    4
)
SELECT
  "t12"."facility_id",
  "t12"."rep_id",
  "t12"."month",
  "t12"."stage",
  "t12"."deal_count",
  "t12"."total_pipeline_value",
  "t12"."scenario",
  "t12"."weighted_pipeline_value",
  "t12"."win_probability",
  "t12"."stage_weight",
  CAST(CAST(CAST("t12"."weighted_pipeline_value" AS DECIMAL(38, 2)) * 100 AS BIGINT) AS DOUBLE) / NULLIF(
    CAST(CAST(CAST("t12"."total_pipeline_value" AS DECIMAL(38, 2)) * 100 AS BIGINT) AS DOUBLE),
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
        "t5"."facility_id",
        "t5"."rep_id",
        "t5"."month",
        "t5"."stage",
        "t5"."deal_count",
        "t5"."total_pipeline_value",
        'base' AS "scenario",
        CAST(CAST(ROUND(
          "t5"."expected_0" * CASE "t5"."stage"
            WHEN 'lead'
            THEN CAST(0.1000 AS DECIMAL(38, 4))
            WHEN 'sql'
            THEN CAST(0.2500 AS DECIMAL(38, 4))
            WHEN 'opportunity'
            THEN CAST(0.5000 AS DECIMAL(38, 4))
            WHEN 'won'
            THEN CAST(1.0000 AS DECIMAL(38, 4))
            WHEN 'lost'
            THEN CAST(0.0000 AS DECIMAL(38, 4))
            ELSE NULL
          END,
          2
        ) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_pipeline_value",
        CASE
          WHEN "t5"."lowest_0" = "t5"."highest_0"
          THEN CAST("t5"."lowest_0" AS DOUBLE)
          ELSE (
            CAST(CAST(CAST(FLOOR("t5"."expected_0") AS DECIMAL(38, 16)) AS BIGINT) AS DOUBLE) + CAST(CAST(CAST("t5"."expected_0" - CAST(FLOOR("t5"."expected_0") AS DECIMAL(38, 16)) AS DECIMAL(18, 16)) AS DECIMAL(18, 12)) AS DOUBLE)
          ) / NULLIF("t5"."exact_amount", 0)
        END AS "win_probability",
        CAST(CASE "t5"."stage"
          WHEN 'lead'
          THEN CAST(0.1000 AS DECIMAL(38, 4))
          WHEN 'sql'
          THEN CAST(0.2500 AS DECIMAL(38, 4))
          WHEN 'opportunity'
          THEN CAST(0.5000 AS DECIMAL(38, 4))
          WHEN 'won'
          THEN CAST(1.0000 AS DECIMAL(38, 4))
          WHEN 'lost'
          THEN CAST(0.0000 AS DECIMAL(38, 4))
          ELSE NULL
        END AS DOUBLE) AS "stage_weight"
      FROM "t4" AS "t5"
    ) AS "t6"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t5"."facility_id",
        "t5"."rep_id",
        "t5"."month",
        "t5"."stage",
        "t5"."deal_count",
        "t5"."total_pipeline_value",
        'probability_only' AS "scenario",
        CAST(CAST(ROUND("t5"."expected_1" * CAST(1.0000 AS DECIMAL(38, 4)), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_pipeline_value",
        CASE
          WHEN "t5"."lowest_1" = "t5"."highest_1"
          THEN CAST("t5"."lowest_1" AS DOUBLE)
          ELSE (
            CAST(CAST(CAST(FLOOR("t5"."expected_1") AS DECIMAL(38, 16)) AS BIGINT) AS DOUBLE) + CAST(CAST(CAST("t5"."expected_1" - CAST(FLOOR("t5"."expected_1") AS DECIMAL(38, 16)) AS DECIMAL(18, 16)) AS DECIMAL(18, 12)) AS DOUBLE)
          ) / NULLIF("t5"."exact_amount", 0)
        END AS "win_probability",
        CAST(CAST(1.0000 AS DECIMAL(38, 4)) AS DOUBLE) AS "stage_weight"
      FROM "t4" AS "t5"
    ) AS "t7"
  ) AS "t10"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t5"."facility_id",
        "t5"."rep_id",
        "t5"."month",
        "t5"."stage",
        "t5"."deal_count",
        "t5"."total_pipeline_value",
        'best' AS "scenario",
        CAST(CAST(ROUND(
          "t5"."expected_2" * CASE "t5"."stage"
            WHEN 'lead'
            THEN CAST(0.1000 AS DECIMAL(38, 4))
            WHEN 'sql'
            THEN CAST(0.2500 AS DECIMAL(38, 4))
            WHEN 'opportunity'
            THEN CAST(0.5000 AS DECIMAL(38, 4))
            WHEN 'won'
            THEN CAST(1.0000 AS DECIMAL(38, 4))
            WHEN 'lost'
            THEN CAST(0.0000 AS DECIMAL(38, 4))
            ELSE NULL
          END,
          2
        ) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_pipeline_value",
        CASE
          WHEN "t5"."lowest_2" = "t5"."highest_2"
          THEN CAST("t5"."lowest_2" AS DOUBLE)
          ELSE (
            CAST(CAST(CAST(FLOOR("t5"."expected_2") AS DECIMAL(38, 16)) AS BIGINT) AS DOUBLE) + CAST(CAST(CAST("t5"."expected_2" - CAST(FLOOR("t5"."expected_2") AS DECIMAL(38, 16)) AS DECIMAL(18, 16)) AS DECIMAL(18, 12)) AS DOUBLE)
          ) / NULLIF("t5"."exact_amount", 0)
        END AS "win_probability",
        CAST(CASE "t5"."stage"
          WHEN 'lead'
          THEN CAST(0.1000 AS DECIMAL(38, 4))
          WHEN 'sql'
          THEN CAST(0.2500 AS DECIMAL(38, 4))
          WHEN 'opportunity'
          THEN CAST(0.5000 AS DECIMAL(38, 4))
          WHEN 'won'
          THEN CAST(1.0000 AS DECIMAL(38, 4))
          WHEN 'lost'
          THEN CAST(0.0000 AS DECIMAL(38, 4))
          ELSE NULL
        END AS DOUBLE) AS "stage_weight"
      FROM "t4" AS "t5"
    ) AS "t8"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t5"."facility_id",
        "t5"."rep_id",
        "t5"."month",
        "t5"."stage",
        "t5"."deal_count",
        "t5"."total_pipeline_value",
        'worst' AS "scenario",
        CAST(CAST(ROUND(
          "t5"."expected_3" * CASE "t5"."stage"
            WHEN 'lead'
            THEN CAST(0.1000 AS DECIMAL(38, 4))
            WHEN 'sql'
            THEN CAST(0.2500 AS DECIMAL(38, 4))
            WHEN 'opportunity'
            THEN CAST(0.5000 AS DECIMAL(38, 4))
            WHEN 'won'
            THEN CAST(1.0000 AS DECIMAL(38, 4))
            WHEN 'lost'
            THEN CAST(0.0000 AS DECIMAL(38, 4))
            ELSE NULL
          END,
          2
        ) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_pipeline_value",
        CASE
          WHEN "t5"."lowest_3" = "t5"."highest_3"
          THEN CAST("t5"."lowest_3" AS DOUBLE)
          ELSE (
            CAST(CAST(CAST(FLOOR("t5"."expected_3") AS DECIMAL(38, 16)) AS BIGINT) AS DOUBLE) + CAST(CAST(CAST("t5"."expected_3" - CAST(FLOOR("t5"."expected_3") AS DECIMAL(38, 16)) AS DECIMAL(18, 16)) AS DECIMAL(18, 12)) AS DOUBLE)
          ) / NULLIF("t5"."exact_amount", 0)
        END AS "win_probability",
        CAST(CASE "t5"."stage"
          WHEN 'lead'
          THEN CAST(0.1000 AS DECIMAL(38, 4))
          WHEN 'sql'
          THEN CAST(0.2500 AS DECIMAL(38, 4))
          WHEN 'opportunity'
          THEN CAST(0.5000 AS DECIMAL(38, 4))
          WHEN 'won'
          THEN CAST(1.0000 AS DECIMAL(38, 4))
          WHEN 'lost'
          THEN CAST(0.0000 AS DECIMAL(38, 4))
          ELSE NULL
        END AS DOUBLE) AS "stage_weight"
      FROM "t4" AS "t5"
    ) AS "t9"
  ) AS "t11"
) AS "t12"
