WITH "t2" AS (
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
    OFFSET '0'
  ) AS "t1"
  GROUP BY
    1,
    2,
    3,
    4,
    5
), "t6" AS (
  SELECT
    "t3"."facility_id",
    "t3"."rep_id",
    "t3"."month",
    "t3"."stage",
    "t3"."own_probability",
    "t3"."deal_count",
    "t3"."amount",
    COALESCE(
      CASE
        WHEN CAST("t3"."own_probability" * CAST('1.000000' AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
        THEN CAST('1.0000000000' AS DECIMAL(38, 10))
        ELSE CAST("t3"."own_probability" * CAST('1.000000' AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
      END,
      CASE "t3"."stage"
        WHEN 'lead'
        THEN CAST('0.1500000000' AS DECIMAL(38, 10))
        WHEN 'sql'
        THEN CAST('0.3000000000' AS DECIMAL(38, 10))
        WHEN 'opportunity'
        THEN CAST('0.5000000000' AS DECIMAL(38, 10))
        WHEN 'won'
        THEN CAST('1.0000000000' AS DECIMAL(38, 10))
        WHEN 'lost'
        THEN CAST('0E-10' AS DECIMAL(38, 10))
        ELSE NULL
      END
    ) AS "probability",
    CASE "t3"."stage"
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
    END AS "stage_weight"
  FROM "t2" AS "t3"
)
SELECT
  "t22"."facility_id",
  "t22"."rep_id",
  "t22"."month",
  "t22"."stage",
  "t22"."deal_count",
  "t22"."scenario",
  "t22"."total_pipeline_value",
  "t22"."weighted_pipeline_value",
  "t22"."win_probability",
  "t22"."stage_weight",
  CAST(CAST(CAST("t22"."weighted_pipeline_value" AS DECIMAL(38, 2)) * 100 AS BIGINT) AS DOUBLE PRECISION) / NULLIF(
    CAST(CAST(CAST("t22"."total_pipeline_value" AS DECIMAL(38, 2)) * 100 AS BIGINT) AS DOUBLE PRECISION),
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
        "t14"."facility_id",
        "t14"."rep_id",
        "t14"."month",
        "t14"."stage",
        "t14"."deal_count",
        'base' AS "scenario",
        CAST(CAST(ROUND(CAST("t14"."amount" AS DECIMAL), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "total_pipeline_value",
        CAST(CAST(ROUND(CAST("t14"."value" AS DECIMAL), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_pipeline_value",
        CASE
          WHEN "t14"."lowest" = "t14"."highest"
          THEN CAST("t14"."lowest" AS DOUBLE PRECISION)
          ELSE CAST((
            CAST(CAST(CAST(FLOOR(CAST("t14"."expected" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE PRECISION) + (
              CAST(CAST((
                CAST("t14"."expected" AS DECIMAL(38, 12)) - CAST(CAST(FLOOR(CAST("t14"."expected" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT)
              ) * 1000000000000 AS BIGINT) AS DOUBLE PRECISION) / 1000000000000.0
            )
          ) AS DOUBLE PRECISION) / NULLIF(
            CAST(CAST(CAST(FLOOR(CAST("t14"."amount" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE PRECISION) + (
              CAST(CAST((
                CAST("t14"."amount" AS DECIMAL(38, 12)) - CAST(CAST(FLOOR(CAST("t14"."amount" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT)
              ) * 1000000000000 AS BIGINT) AS DOUBLE PRECISION) / 1000000000000.0
            ),
            0
          )
        END AS "win_probability",
        CAST("t14"."weight" AS DOUBLE PRECISION) AS "stage_weight"
      FROM (
        SELECT
          "t10"."facility_id",
          "t10"."rep_id",
          "t10"."month",
          "t10"."stage",
          SUM("t10"."deal_count") AS "deal_count",
          SUM("t10"."amount") AS "amount",
          SUM("t10"."value") AS "value",
          SUM("t10"."amount" * "t10"."probability") AS "expected",
          MIN("t10"."probability") AS "lowest",
          MAX("t10"."probability") AS "highest",
          MAX("t10"."stage_weight") AS "weight"
        FROM (
          SELECT
            "t7"."facility_id",
            "t7"."rep_id",
            "t7"."month",
            "t7"."stage",
            "t7"."own_probability",
            "t7"."deal_count",
            "t7"."amount",
            "t7"."probability",
            "t7"."stage_weight",
            "t7"."amount" * "t7"."probability" * "t7"."stage_weight" AS "value"
          FROM "t6" AS "t7"
          OFFSET '0'
        ) AS "t10"
        GROUP BY
          1,
          2,
          3,
          4
      ) AS "t14"
    ) AS "t19"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t15"."facility_id",
        "t15"."rep_id",
        "t15"."month",
        "t15"."stage",
        "t15"."deal_count",
        'probability_only' AS "scenario",
        CAST(CAST(ROUND(CAST("t15"."amount" AS DECIMAL), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "total_pipeline_value",
        CAST(CAST(ROUND(CAST("t15"."value" AS DECIMAL), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_pipeline_value",
        CASE
          WHEN "t15"."lowest" = "t15"."highest"
          THEN CAST("t15"."lowest" AS DOUBLE PRECISION)
          ELSE CAST((
            CAST(CAST(CAST(FLOOR(CAST("t15"."expected" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE PRECISION) + (
              CAST(CAST((
                CAST("t15"."expected" AS DECIMAL(38, 12)) - CAST(CAST(FLOOR(CAST("t15"."expected" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT)
              ) * 1000000000000 AS BIGINT) AS DOUBLE PRECISION) / 1000000000000.0
            )
          ) AS DOUBLE PRECISION) / NULLIF(
            CAST(CAST(CAST(FLOOR(CAST("t15"."amount" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE PRECISION) + (
              CAST(CAST((
                CAST("t15"."amount" AS DECIMAL(38, 12)) - CAST(CAST(FLOOR(CAST("t15"."amount" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT)
              ) * 1000000000000 AS BIGINT) AS DOUBLE PRECISION) / 1000000000000.0
            ),
            0
          )
        END AS "win_probability",
        1.0 AS "stage_weight"
      FROM (
        SELECT
          "t11"."facility_id",
          "t11"."rep_id",
          "t11"."month",
          "t11"."stage",
          SUM("t11"."deal_count") AS "deal_count",
          SUM("t11"."amount") AS "amount",
          SUM("t11"."value") AS "value",
          SUM("t11"."amount" * "t11"."probability") AS "expected",
          MIN("t11"."probability") AS "lowest",
          MAX("t11"."probability") AS "highest",
          MAX("t11"."stage_weight") AS "weight"
        FROM (
          SELECT
            "t7"."facility_id",
            "t7"."rep_id",
            "t7"."month",
            "t7"."stage",
            "t7"."own_probability",
            "t7"."deal_count",
            "t7"."amount",
            "t7"."probability",
            "t7"."stage_weight",
            "t7"."amount" * "t7"."probability" * CAST('1' AS DECIMAL(38, 4)) AS "value"
          FROM "t6" AS "t7"
          OFFSET '0'
        ) AS "t11"
        GROUP BY
          1,
          2,
          3,
          4
      ) AS "t15"
    ) AS "t20"
  ) AS "t21"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t12"."facility_id",
        "t12"."rep_id",
        "t12"."month",
        "t12"."stage",
        "t12"."deal_count",
        'best' AS "scenario",
        CAST(CAST(ROUND(CAST("t12"."amount" AS DECIMAL), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "total_pipeline_value",
        CAST(CAST(ROUND(CAST("t12"."value" AS DECIMAL), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_pipeline_value",
        CASE
          WHEN "t12"."lowest" = "t12"."highest"
          THEN CAST("t12"."lowest" AS DOUBLE PRECISION)
          ELSE CAST((
            CAST(CAST(CAST(FLOOR(CAST("t12"."expected" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE PRECISION) + (
              CAST(CAST((
                CAST("t12"."expected" AS DECIMAL(38, 12)) - CAST(CAST(FLOOR(CAST("t12"."expected" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT)
              ) * 1000000000000 AS BIGINT) AS DOUBLE PRECISION) / 1000000000000.0
            )
          ) AS DOUBLE PRECISION) / NULLIF(
            CAST(CAST(CAST(FLOOR(CAST("t12"."amount" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE PRECISION) + (
              CAST(CAST((
                CAST("t12"."amount" AS DECIMAL(38, 12)) - CAST(CAST(FLOOR(CAST("t12"."amount" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT)
              ) * 1000000000000 AS BIGINT) AS DOUBLE PRECISION) / 1000000000000.0
            ),
            0
          )
        END AS "win_probability",
        CAST("t12"."weight" AS DOUBLE PRECISION) AS "stage_weight"
      FROM (
        SELECT
          "t8"."facility_id",
          "t8"."rep_id",
          "t8"."month",
          "t8"."stage",
          SUM("t8"."deal_count") AS "deal_count",
          SUM("t8"."amount") AS "amount",
          SUM("t8"."value") AS "value",
          SUM("t8"."amount" * "t8"."probability") AS "expected",
          MIN("t8"."probability") AS "lowest",
          MAX("t8"."probability") AS "highest",
          MAX("t8"."stage_weight") AS "weight"
        FROM (
          SELECT
            "t4"."facility_id",
            "t4"."rep_id",
            "t4"."month",
            "t4"."stage",
            "t4"."own_probability",
            "t4"."deal_count",
            "t4"."amount",
            "t4"."probability",
            "t4"."stage_weight",
            "t4"."amount" * "t4"."probability" * "t4"."stage_weight" AS "value"
          FROM (
            SELECT
              "t3"."facility_id",
              "t3"."rep_id",
              "t3"."month",
              "t3"."stage",
              "t3"."own_probability",
              "t3"."deal_count",
              "t3"."amount",
              COALESCE(
                CASE
                  WHEN CAST("t3"."own_probability" * CAST('1.250000' AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
                  THEN CAST('1.0000000000' AS DECIMAL(38, 10))
                  ELSE CAST("t3"."own_probability" * CAST('1.250000' AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
                END,
                CASE "t3"."stage"
                  WHEN 'lead'
                  THEN CAST('0.1875000000' AS DECIMAL(38, 10))
                  WHEN 'sql'
                  THEN CAST('0.3750000000' AS DECIMAL(38, 10))
                  WHEN 'opportunity'
                  THEN CAST('0.6250000000' AS DECIMAL(38, 10))
                  WHEN 'won'
                  THEN CAST('1.0000000000' AS DECIMAL(38, 10))
                  WHEN 'lost'
                  THEN CAST('0E-10' AS DECIMAL(38, 10))
                  ELSE NULL
                END
              ) AS "probability",
              CASE "t3"."stage"
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
              END AS "stage_weight"
            FROM "t2" AS "t3"
            OFFSET '0'
          ) AS "t4"
          OFFSET '0'
        ) AS "t8"
        GROUP BY
          1,
          2,
          3,
          4
      ) AS "t12"
    ) AS "t16"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t13"."facility_id",
        "t13"."rep_id",
        "t13"."month",
        "t13"."stage",
        "t13"."deal_count",
        'worst' AS "scenario",
        CAST(CAST(ROUND(CAST("t13"."amount" AS DECIMAL), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "total_pipeline_value",
        CAST(CAST(ROUND(CAST("t13"."value" AS DECIMAL), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_pipeline_value",
        CASE
          WHEN "t13"."lowest" = "t13"."highest"
          THEN CAST("t13"."lowest" AS DOUBLE PRECISION)
          ELSE CAST((
            CAST(CAST(CAST(FLOOR(CAST("t13"."expected" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE PRECISION) + (
              CAST(CAST((
                CAST("t13"."expected" AS DECIMAL(38, 12)) - CAST(CAST(FLOOR(CAST("t13"."expected" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT)
              ) * 1000000000000 AS BIGINT) AS DOUBLE PRECISION) / 1000000000000.0
            )
          ) AS DOUBLE PRECISION) / NULLIF(
            CAST(CAST(CAST(FLOOR(CAST("t13"."amount" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE PRECISION) + (
              CAST(CAST((
                CAST("t13"."amount" AS DECIMAL(38, 12)) - CAST(CAST(FLOOR(CAST("t13"."amount" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT)
              ) * 1000000000000 AS BIGINT) AS DOUBLE PRECISION) / 1000000000000.0
            ),
            0
          )
        END AS "win_probability",
        CAST("t13"."weight" AS DOUBLE PRECISION) AS "stage_weight"
      FROM (
        SELECT
          "t9"."facility_id",
          "t9"."rep_id",
          "t9"."month",
          "t9"."stage",
          SUM("t9"."deal_count") AS "deal_count",
          SUM("t9"."amount") AS "amount",
          SUM("t9"."value") AS "value",
          SUM("t9"."amount" * "t9"."probability") AS "expected",
          MIN("t9"."probability") AS "lowest",
          MAX("t9"."probability") AS "highest",
          MAX("t9"."stage_weight") AS "weight"
        FROM (
          SELECT
            "t5"."facility_id",
            "t5"."rep_id",
            "t5"."month",
            "t5"."stage",
            "t5"."own_probability",
            "t5"."deal_count",
            "t5"."amount",
            "t5"."probability",
            "t5"."stage_weight",
            "t5"."amount" * "t5"."probability" * "t5"."stage_weight" AS "value"
          FROM (
            SELECT
              "t3"."facility_id",
              "t3"."rep_id",
              "t3"."month",
              "t3"."stage",
              "t3"."own_probability",
              "t3"."deal_count",
              "t3"."amount",
              COALESCE(
                CASE
                  WHEN CAST("t3"."own_probability" * CAST('0.750000' AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
                  THEN CAST('1.0000000000' AS DECIMAL(38, 10))
                  ELSE CAST("t3"."own_probability" * CAST('0.750000' AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
                END,
                CASE "t3"."stage"
                  WHEN 'lead'
                  THEN CAST('0.1125000000' AS DECIMAL(38, 10))
                  WHEN 'sql'
                  THEN CAST('0.2250000000' AS DECIMAL(38, 10))
                  WHEN 'opportunity'
                  THEN CAST('0.3750000000' AS DECIMAL(38, 10))
                  WHEN 'won'
                  THEN CAST('1.0000000000' AS DECIMAL(38, 10))
                  WHEN 'lost'
                  THEN CAST('0E-10' AS DECIMAL(38, 10))
                  ELSE NULL
                END
              ) AS "probability",
              CASE "t3"."stage"
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
              END AS "stage_weight"
            FROM "t2" AS "t3"
            OFFSET '0'
          ) AS "t5"
          OFFSET '0'
        ) AS "t9"
        GROUP BY
          1,
          2,
          3,
          4
      ) AS "t13"
    ) AS "t17"
  ) AS "t18"
) AS "t22"
