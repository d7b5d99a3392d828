WITH "t2" AS (
  SELECT
    "t1"."facility_id",
    "t1"."rep_id",
    "t1"."month",
    "t1"."stage",
    COUNT(*) AS "deal_count",
    SUM("t1"."amount") AS "amount",
    COUNT(*) FILTER(WHERE
      "t1"."own" IS NULL) AS "others",
    COALESCE(SUM("t1"."amount") FILTER(WHERE
      "t1"."own" IS NULL), 0) AS "others_amount",
    MIN("t1"."own") AS "lowest_own",
    MAX("t1"."own") AS "highest_own",
    COALESCE(
      SUM(
        "t1"."amount" * CASE
          WHEN CAST("t1"."own" * CAST(1.000000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
          THEN CAST(1.0000000000 AS DECIMAL(38, 10))
          ELSE CAST("t1"."own" * CAST(1.000000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
        END
      ),
      0
    ) AS "own_amount_x_1",
    COALESCE(
      SUM(
        "t1"."amount" * CASE
          WHEN CAST("t1"."own" * CAST(1.250000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
          THEN CAST(1.0000000000 AS DECIMAL(38, 10))
          ELSE CAST("t1"."own" * CAST(1.250000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
        END
      ),
      0
    ) AS "own_amount_x_1_25",
    COALESCE(
      SUM(
        "t1"."amount" * CASE
          WHEN CAST("t1"."own" * CAST(0.750000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
          THEN CAST(1.0000000000 AS DECIMAL(38, 10))
          ELSE CAST("t1"."own" * CAST(0.750000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
        END
      ),
      0
    ) AS "own_amount_x_0_75"
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
      END AS "own"
    FROM "stg_leads" AS "t0"
  ) AS "t1"
  GROUP BY
    1,
    2,
    3,
    4
)
SELECT
  "t10"."facility_id",
  "t10"."rep_id",
  "t10"."month",
  "t10"."stage",
  "t10"."deal_count",
  "t10"."scenario",
  "t10"."total_pipeline_value",
  "t10"."weighted_pipeline_value",
  "t10"."win_probability",
  "t10"."stage_weight",
  CAST(CAST(CAST("t10"."weighted_pipeline_value" AS DECIMAL(38, 2)) * 100 AS BIGINT) AS DOUBLE) / NULLIF(
    CAST(CAST(CAST("t10"."total_pipeline_value" AS DECIMAL(38, 2)) * 100 AS BIGINT) AS DOUBLE),
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
        "t3"."facility_id",
        "t3"."rep_id",
        "t3"."month",
        "t3"."stage",
        "t3"."deal_count",
        'base' AS "scenario",
        CAST(CAST(ROUND("t3"."amount", 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "total_pipeline_value",
        CAST(CAST(ROUND(
          (
            "t3"."others_amount" * CASE "t3"."stage"
              WHEN 'lead'
              THEN CAST(0.15000000 AS DECIMAL(38, 8))
              WHEN 'sql'
              THEN CAST(0.30000000 AS DECIMAL(38, 8))
              WHEN 'opportunity'
              THEN CAST(0.50000000 AS DECIMAL(38, 8))
              WHEN 'won'
              THEN CAST(1.00000000 AS DECIMAL(38, 8))
              WHEN 'lost'
              THEN CAST(0E-8 AS DECIMAL(38, 8))
              ELSE NULL
            END * CASE "t3"."stage"
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
            END
          ) + (
            "t3"."own_amount_x_1" * 1 * CASE "t3"."stage"
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
            END
          ),
          2
        ) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_pipeline_value",
        CASE
          WHEN LEAST(
            CASE
              WHEN CAST("t3"."lowest_own" * CAST(1.000000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
              THEN CAST(1.0000000000 AS DECIMAL(38, 10))
              ELSE CAST("t3"."lowest_own" * CAST(1.000000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
            END,
            CASE
              WHEN "t3"."others" > 0
              THEN CAST(CASE "t3"."stage"
                WHEN 'lead'
                THEN CAST(0.15000000 AS DECIMAL(38, 8))
                WHEN 'sql'
                THEN CAST(0.30000000 AS DECIMAL(38, 8))
                WHEN 'opportunity'
                THEN CAST(0.50000000 AS DECIMAL(38, 8))
                WHEN 'won'
                THEN CAST(1.00000000 AS DECIMAL(38, 8))
                WHEN 'lost'
                THEN CAST(0E-8 AS DECIMAL(38, 8))
                ELSE NULL
              END AS DECIMAL(38, 10))
              ELSE CAST(NULL AS DECIMAL(38, 10))
            END
          ) = GREATEST(
            CASE
              WHEN CAST("t3"."highest_own" * CAST(1.000000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
              THEN CAST(1.0000000000 AS DECIMAL(38, 10))
              ELSE CAST("t3"."highest_own" * CAST(1.000000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
            END,
            CASE
              WHEN "t3"."others" > 0
              THEN CAST(CASE "t3"."stage"
                WHEN 'lead'
                THEN CAST(0.15000000 AS DECIMAL(38, 8))
                WHEN 'sql'
                THEN CAST(0.30000000 AS DECIMAL(38, 8))
                WHEN 'opportunity'
                THEN CAST(0.50000000 AS DECIMAL(38, 8))
                WHEN 'won'
                THEN CAST(1.00000000 AS DECIMAL(38, 8))
                WHEN 'lost'
                THEN CAST(0E-8 AS DECIMAL(38, 8))
                ELSE NULL
              END AS DECIMAL(38, 10))
              ELSE CAST(NULL AS DECIMAL(38, 10))
            END
          )
          THEN CAST(LEAST(
            CASE
              WHEN CAST("t3"."lowest_own" * CAST(1.000000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
              THEN CAST(1.0000000000 AS DECIMAL(38, 10))
              ELSE CAST("t3"."lowest_own" * CAST(1.000000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
            END,
            CASE
              WHEN "t3"."others" > 0
              THEN CAST(CASE "t3"."stage"
                WHEN 'lead'
                THEN CAST(0.15000000 AS DECIMAL(38, 8))
                WHEN 'sql'
                THEN CAST(0.30000000 AS DECIMAL(38, 8))
                WHEN 'opportunity'
                THEN CAST(0.50000000 AS DECIMAL(38, 8))
                WHEN 'won'
                THEN CAST(1.00000000 AS DECIMAL(38, 8))
                WHEN 'lost'
                THEN CAST(0E-8 AS DECIMAL(38, 8))
                ELSE NULL
              END AS DECIMAL(38, 10))
              ELSE CAST(NULL AS DECIMAL(38, 10))
            END
          ) AS DOUBLE)
          ELSE (
            CAST(CAST(CAST(FLOOR(
              CAST((
                "t3"."others_amount" * CASE "t3"."stage"
                  WHEN 'lead'
                  THEN CAST(0.15000000 AS DECIMAL(38, 8))
                  WHEN 'sql'
                  THEN CAST(0.30000000 AS DECIMAL(38, 8))
                  WHEN 'opportunity'
                  THEN CAST(0.50000000 AS DECIMAL(38, 8))
                  WHEN 'won'
                  THEN CAST(1.00000000 AS DECIMAL(38, 8))
                  WHEN 'lost'
                  THEN CAST(0E-8 AS DECIMAL(38, 8))
                  ELSE NULL
                END
              ) + "t3"."own_amount_x_1" AS DECIMAL(38, 12))
            ) AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE) + (
              CAST(CAST((
                CAST((
                  "t3"."others_amount" * CASE "t3"."stage"
                    WHEN 'lead'
                    THEN CAST(0.15000000 AS DECIMAL(38, 8))
                    WHEN 'sql'
                    THEN CAST(0.30000000 AS DECIMAL(38, 8))
                    WHEN 'opportunity'
                    THEN CAST(0.50000000 AS DECIMAL(38, 8))
                    WHEN 'won'
                    THEN CAST(1.00000000 AS DECIMAL(38, 8))
                    WHEN 'lost'
                    THEN CAST(0E-8 AS DECIMAL(38, 8))
                    ELSE NULL
                  END
                ) + "t3"."own_amount_x_1" AS DECIMAL(38, 12)) - CAST(CAST(FLOOR(
                  CAST((
                    "t3"."others_amount" * CASE "t3"."stage"
                      WHEN 'lead'
                      THEN CAST(0.15000000 AS DECIMAL(38, 8))
                      WHEN 'sql'
                      THEN CAST(0.30000000 AS DECIMAL(38, 8))
                      WHEN 'opportunity'
                      THEN CAST(0.50000000 AS DECIMAL(38, 8))
                      WHEN 'won'
                      THEN CAST(1.00000000 AS DECIMAL(38, 8))
                      WHEN 'lost'
                      THEN CAST(0E-8 AS DECIMAL(38, 8))
                      ELSE NULL
                    END
                  ) + "t3"."own_amount_x_1" AS DECIMAL(38, 12))
                ) AS DECIMAL(38, 12)) AS BIGINT)
              ) * 1000000000000 AS BIGINT) AS DOUBLE) / 1000000000000.0
            )
          ) / NULLIF(
            CAST(CAST(CAST(FLOOR(CAST("t3"."amount" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE) + (
              CAST(CAST((
                CAST("t3"."amount" AS DECIMAL(38, 12)) - CAST(CAST(FLOOR(CAST("t3"."amount" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT)
              ) * 1000000000000 AS BIGINT) AS DOUBLE) / 1000000000000.0
            ),
            0
          )
        END AS "win_probability",
        CAST(CASE "t3"."stage"
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
      FROM "t2" AS "t3"
    ) AS "t4"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t3"."facility_id",
        "t3"."rep_id",
        "t3"."month",
        "t3"."stage",
        "t3"."deal_count",
        'probability_only' AS "scenario",
        CAST(CAST(ROUND("t3"."amount", 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "total_pipeline_value",
        CAST(CAST(ROUND(
          (
            "t3"."others_amount" * CASE "t3"."stage"
              WHEN 'lead'
              THEN CAST(0.15000000 AS DECIMAL(38, 8))
              WHEN 'sql'
              THEN CAST(0.30000000 AS DECIMAL(38, 8))
              WHEN 'opportunity'
              THEN CAST(0.50000000 AS DECIMAL(38, 8))
              WHEN 'won'
              THEN CAST(1.00000000 AS DECIMAL(38, 8))
              WHEN 'lost'
              THEN CAST(0E-8 AS DECIMAL(38, 8))
              ELSE NULL
            END * CAST('1' AS DECIMAL(38, 4))
          ) + (
            "t3"."own_amount_x_1" * 1 * CAST('1' AS DECIMAL(38, 4))
          ),
          2
        ) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_pipeline_value",
        CASE
          WHEN LEAST(
            CASE
              WHEN CAST("t3"."lowest_own" * CAST(1.000000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
              THEN CAST(1.0000000000 AS DECIMAL(38, 10))
              ELSE CAST("t3"."lowest_own" * CAST(1.000000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
            END,
            CASE
              WHEN "t3"."others" > 0
              THEN CAST(CASE "t3"."stage"
                WHEN 'lead'
                THEN CAST(0.15000000 AS DECIMAL(38, 8))
                WHEN 'sql'
                THEN CAST(0.30000000 AS DECIMAL(38, 8))
                WHEN 'opportunity'
                THEN CAST(0.50000000 AS DECIMAL(38, 8))
                WHEN 'won'
                THEN CAST(1.00000000 AS DECIMAL(38, 8))
                WHEN 'lost'
                THEN CAST(0E-8 AS DECIMAL(38, 8))
                ELSE NULL
              END AS DECIMAL(38, 10))
              ELSE CAST(NULL AS DECIMAL(38, 10))
            END
          ) = GREATEST(
            CASE
              WHEN CAST("t3"."highest_own" * CAST(1.000000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
              THEN CAST(1.0000000000 AS DECIMAL(38, 10))
              ELSE CAST("t3"."highest_own" * CAST(1.000000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
            END,
            CASE
              WHEN "t3"."others" > 0
              THEN CAST(CASE "t3"."stage"
                WHEN 'lead'
                THEN CAST(0.15000000 AS DECIMAL(38, 8))
                WHEN 'sql'
                THEN CAST(0.30000000 AS DECIMAL(38, 8))
                WHEN 'opportunity'
                THEN CAST(0.50000000 AS DECIMAL(38, 8))
                WHEN 'won'
                THEN CAST(1.00000000 AS DECIMAL(38, 8))
                WHEN 'lost'
                THEN CAST(0E-8 AS DECIMAL(38, 8))
                ELSE NULL
              END AS DECIMAL(38, 10))
              ELSE CAST(NULL AS DECIMAL(38, 10))
            END
          )
          THEN CAST(LEAST(
            CASE
              WHEN CAST("t3"."lowest_own" * CAST(1.000000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
              THEN CAST(1.0000000000 AS DECIMAL(38, 10))
              ELSE CAST("t3"."lowest_own" * CAST(1.000000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
            END,
            CASE
              WHEN "t3"."others" > 0
              THEN CAST(CASE "t3"."stage"
                WHEN 'lead'
                THEN CAST(0.15000000 AS DECIMAL(38, 8))
                WHEN 'sql'
                THEN CAST(0.30000000 AS DECIMAL(38, 8))
                WHEN 'opportunity'
                THEN CAST(0.50000000 AS DECIMAL(38, 8))
                WHEN 'won'
                THEN CAST(1.00000000 AS DECIMAL(38, 8))
                WHEN 'lost'
                THEN CAST(0E-8 AS DECIMAL(38, 8))
                ELSE NULL
              END AS DECIMAL(38, 10))
              ELSE CAST(NULL AS DECIMAL(38, 10))
            END
          ) AS DOUBLE)
          ELSE (
            CAST(CAST(CAST(FLOOR(
              CAST((
                "t3"."others_amount" * CASE "t3"."stage"
                  WHEN 'lead'
                  THEN CAST(0.15000000 AS DECIMAL(38, 8))
                  WHEN 'sql'
                  THEN CAST(0.30000000 AS DECIMAL(38, 8))
                  WHEN 'opportunity'
                  THEN CAST(0.50000000 AS DECIMAL(38, 8))
                  WHEN 'won'
                  THEN CAST(1.00000000 AS DECIMAL(38, 8))
                  WHEN 'lost'
                  THEN CAST(0E-8 AS DECIMAL(38, 8))
                  ELSE NULL
                END
              ) + "t3"."own_amount_x_1" AS DECIMAL(38, 12))
            ) AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE) + (
              CAST(CAST((
                CAST((
                  "t3"."others_amount" * CASE "t3"."stage"
                    WHEN 'lead'
                    THEN CAST(0.15000000 AS DECIMAL(38, 8))
                    WHEN 'sql'
                    THEN CAST(0.30000000 AS DECIMAL(38, 8))
                    WHEN 'opportunity'
                    THEN CAST(0.50000000 AS DECIMAL(38, 8))
                    WHEN 'won'
                    THEN CAST(1.00000000 AS DECIMAL(38, 8))
                    WHEN 'lost'
                    THEN CAST(0E-8 AS DECIMAL(38, 8))
                    ELSE NULL
                  END
                ) + "t3"."own_amount_x_1" AS DECIMAL(38, 12)) - CAST(CAST(FLOOR(
                  CAST((
                    "t3"."others_amount" * CASE "t3"."stage"
                      WHEN 'lead'
                      THEN CAST(0.15000000 AS DECIMAL(38, 8))
                      WHEN 'sql'
                      THEN CAST(0.30000000 AS DECIMAL(38, 8))
                      WHEN 'opportunity'
                      THEN CAST(0.50000000 AS DECIMAL(38, 8))
                      WHEN 'won'
                      THEN CAST(1.00000000 AS DECIMAL(38, 8))
                      WHEN 'lost'
                      THEN CAST(0E-8 AS DECIMAL(38, 8))
                      ELSE NULL
                    END
                  ) + "t3"."own_amount_x_1" AS DECIMAL(38, 12))
                ) AS DECIMAL(38, 12)) AS BIGINT)
              ) * 1000000000000 AS BIGINT) AS DOUBLE) / 1000000000000.0
            )
          ) / NULLIF(
            CAST(CAST(CAST(FLOOR(CAST("t3"."amount" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE) + (
              CAST(CAST((
                CAST("t3"."amount" AS DECIMAL(38, 12)) - CAST(CAST(FLOOR(CAST("t3"."amount" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT)
              ) * 1000000000000 AS BIGINT) AS DOUBLE) / 1000000000000.0
            ),
            0
          )
        END AS "win_probability",
        1.0 AS "stage_weight"
      FROM "t2" AS "t3"
    ) AS "t5"
  ) AS "t8"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t3"."facility_id",
        "t3"."rep_id",
        "t3"."month",
        "t3"."stage",
        "t3"."deal_count",
        'best' AS "scenario",
        CAST(CAST(ROUND("t3"."amount", 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "total_pipeline_value",
        CAST(CAST(ROUND(
          (
            "t3"."others_amount" * CASE "t3"."stage"
              WHEN 'lead'
              THEN CAST(0.18750000 AS DECIMAL(38, 8))
              WHEN 'sql'
              THEN CAST(0.37500000 AS DECIMAL(38, 8))
              WHEN 'opportunity'
              THEN CAST(0.62500000 AS DECIMAL(38, 8))
              WHEN 'won'
              THEN CAST(1.00000000 AS DECIMAL(38, 8))
              WHEN 'lost'
              THEN CAST(0E-8 AS DECIMAL(38, 8))
              ELSE NULL
            END * CASE "t3"."stage"
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
            END
          ) + (
            "t3"."own_amount_x_1_25" * 1 * CASE "t3"."stage"
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
            END
          ),
          2
        ) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_pipeline_value",
        CASE
          WHEN LEAST(
            CASE
              WHEN CAST("t3"."lowest_own" * CAST(1.250000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
              THEN CAST(1.0000000000 AS DECIMAL(38, 10))
              ELSE CAST("t3"."lowest_own" * CAST(1.250000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
            END,
            CASE
              WHEN "t3"."others" > 0
              THEN CAST(CASE "t3"."stage"
                WHEN 'lead'
                THEN CAST(0.18750000 AS DECIMAL(38, 8))
                WHEN 'sql'
                THEN CAST(0.37500000 AS DECIMAL(38, 8))
                WHEN 'opportunity'
                THEN CAST(0.62500000 AS DECIMAL(38, 8))
                WHEN 'won'
                THEN CAST(1.00000000 AS DECIMAL(38, 8))
                WHEN 'lost'
                THEN CAST(0E-8 AS DECIMAL(38, 8))
                ELSE NULL
              END AS DECIMAL(38, 10))
              ELSE CAST(NULL AS DECIMAL(38, 10))
            END
          ) = GREATEST(
            CASE
              WHEN CAST("t3"."highest_own" * CAST(1.250000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
              THEN CAST(1.0000000000 AS DECIMAL(38, 10))
              ELSE CAST("t3"."highest_own" * CAST(1.250000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
            END,
            CASE
              WHEN "t3"."others" > 0
              THEN CAST(CASE "t3"."stage"
                WHEN 'lead'
                THEN CAST(0.18750000 AS DECIMAL(38, 8))
                WHEN 'sql'
                THEN CAST(0.37500000 AS DECIMAL(38, 8))
                WHEN 'opportunity'
                THEN CAST(0.62500000 AS DECIMAL(38, 8))
                WHEN 'won'
                THEN CAST(1.00000000 AS DECIMAL(38, 8))
                WHEN 'lost'
                THEN CAST(0E-8 AS DECIMAL(38, 8))
                ELSE NULL
              END AS DECIMAL(38, 10))
              ELSE CAST(NULL AS DECIMAL(38, 10))
            END
          )
          THEN CAST(LEAST(
            CASE
              WHEN CAST("t3"."lowest_own" * CAST(1.250000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
              THEN CAST(1.0000000000 AS DECIMAL(38, 10))
              ELSE CAST("t3"."lowest_own" * CAST(1.250000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
            END,
            CASE
              WHEN "t3"."others" > 0
              THEN CAST(CASE "t3"."stage"
                WHEN 'lead'
                THEN CAST(0.18750000 AS DECIMAL(38, 8))
                WHEN 'sql'
                THEN CAST(0.37500000 AS DECIMAL(38, 8))
                WHEN 'opportunity'
                THEN CAST(0.62500000 AS DECIMAL(38, 8))
                WHEN 'won'
                THEN CAST(1.00000000 AS DECIMAL(38, 8))
                WHEN 'lost'
                THEN CAST(0E-8 AS DECIMAL(38, 8))
                ELSE NULL
              END AS DECIMAL(38, 10))
              ELSE CAST(NULL AS DECIMAL(38, 10))
            END
          ) AS DOUBLE)
          ELSE (
            CAST(CAST(CAST(FLOOR(
              CAST((
                "t3"."others_amount" * CASE "t3"."stage"
                  WHEN 'lead'
                  THEN CAST(0.18750000 AS DECIMAL(38, 8))
                  WHEN 'sql'
                  THEN CAST(0.37500000 AS DECIMAL(38, 8))
                  WHEN 'opportunity'
                  THEN CAST(0.62500000 AS DECIMAL(38, 8))
                  WHEN 'won'
                  THEN CAST(1.00000000 AS DECIMAL(38, 8))
                  WHEN 'lost'
                  THEN CAST(0E-8 AS DECIMAL(38, 8))
                  ELSE NULL
                END
              ) + "t3"."own_amount_x_1_25" AS DECIMAL(38, 12))
            ) AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE) + (
              CAST(CAST((
                CAST((
                  "t3"."others_amount" * CASE "t3"."stage"
                    WHEN 'lead'
                    THEN CAST(0.18750000 AS DECIMAL(38, 8))
                    WHEN 'sql'
                    THEN CAST(0.37500000 AS DECIMAL(38, 8))
                    WHEN 'opportunity'
                    THEN CAST(0.62500000 AS DECIMAL(38, 8))
                    WHEN 'won'
                    THEN CAST(1.00000000 AS DECIMAL(38, 8))
                    WHEN 'lost'
                    THEN CAST(0E-8 AS DECIMAL(38, 8))
                    ELSE NULL
                  END
                ) + "t3"."own_amount_x_1_25" AS DECIMAL(38, 12)) - CAST(CAST(FLOOR(
                  CAST((
                    "t3"."others_amount" * CASE "t3"."stage"
                      WHEN 'lead'
                      THEN CAST(0.18750000 AS DECIMAL(38, 8))
                      WHEN 'sql'
                      THEN CAST(0.37500000 AS DECIMAL(38, 8))
                      WHEN 'opportunity'
                      THEN CAST(0.62500000 AS DECIMAL(38, 8))
                      WHEN 'won'
                      THEN CAST(1.00000000 AS DECIMAL(38, 8))
                      WHEN 'lost'
                      THEN CAST(0E-8 AS DECIMAL(38, 8))
                      ELSE NULL
                    END
                  ) + "t3"."own_amount_x_1_25" AS DECIMAL(38, 12))
                ) AS DECIMAL(38, 12)) AS BIGINT)
              ) * 1000000000000 AS BIGINT) AS DOUBLE) / 1000000000000.0
            )
          ) / NULLIF(
            CAST(CAST(CAST(FLOOR(CAST("t3"."amount" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE) + (
              CAST(CAST((
                CAST("t3"."amount" AS DECIMAL(38, 12)) - CAST(CAST(FLOOR(CAST("t3"."amount" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT)
              ) * 1000000000000 AS BIGINT) AS DOUBLE) / 1000000000000.0
            ),
            0
          )
        END AS "win_probability",
        CAST(CASE "t3"."stage"
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
      FROM "t2" AS "t3"
    ) AS "t6"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t3"."facility_id",
        "t3"."rep_id",
        "t3"."month",
        "t3"."stage",
        "t3"."deal_count",
        'worst' AS "scenario",
        CAST(CAST(ROUND("t3"."amount", 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "total_pipeline_value",
        CAST(CAST(ROUND(
          (
            "t3"."others_amount" * CASE "t3"."stage"
              WHEN 'lead'
              THEN CAST(0.11250000 AS DECIMAL(38, 8))
              WHEN 'sql'
              THEN CAST(0.22500000 AS DECIMAL(38, 8))
              WHEN 'opportunity'
              THEN CAST(0.37500000 AS DECIMAL(38, 8))
              WHEN 'won'
              THEN CAST(1.00000000 AS DECIMAL(38, 8))
              WHEN 'lost'
              THEN CAST(0E-8 AS DECIMAL(38, 8))
              ELSE NULL
            END * CASE "t3"."stage"
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
            END
          ) + (
            "t3"."own_amount_x_0_75" * 1 * CASE "t3"."stage"
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
            END
          ),
          2
        ) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_pipeline_value",
        CASE
          WHEN LEAST(
            CASE
              WHEN CAST("t3"."lowest_own" * CAST(0.750000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
              THEN CAST(1.0000000000 AS DECIMAL(38, 10))
              ELSE CAST("t3"."lowest_own" * CAST(0.750000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
            END,
            CASE
              WHEN "t3"."others" > 0
              THEN CAST(CASE "t3"."stage"
                WHEN 'lead'
                THEN CAST(0.11250000 AS DECIMAL(38, 8))
                WHEN 'sql'
                THEN CAST(0.22500000 AS DECIMAL(38, 8))
                WHEN 'opportunity'
                THEN CAST(0.37500000 AS DECIMAL(38, 8))
                WHEN 'won'
                THEN CAST(1.00000000 AS DECIMAL(38, 8))
                WHEN 'lost'
                THEN CAST(0E-8 AS DECIMAL(38, 8))
                ELSE NULL
              END AS DECIMAL(38, 10))
              ELSE CAST(NULL AS DECIMAL(38, 10))
            END
          ) = GREATEST(
            CASE
              WHEN CAST("t3"."highest_own" * CAST(0.750000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
              THEN CAST(1.0000000000 AS DECIMAL(38, 10))
              ELSE CAST("t3"."highest_own" * CAST(0.750000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
            END,
            CASE
              WHEN "t3"."others" > 0
              THEN CAST(CASE "t3"."stage"
                WHEN 'lead'
                THEN CAST(0.11250000 AS DECIMAL(38, 8))
                WHEN 'sql'
                THEN CAST(0.22500000 AS DECIMAL(38, 8))
                WHEN 'opportunity'
                THEN CAST(0.37500000 AS DECIMAL(38, 8))
                WHEN 'won'
                THEN CAST(1.00000000 AS DECIMAL(38, 8))
                WHEN 'lost'
                THEN CAST(0E-8 AS DECIMAL(38, 8))
                ELSE NULL
              END AS DECIMAL(38, 10))
              ELSE CAST(NULL AS DECIMAL(38, 10))
            END
          )
          THEN CAST(LEAST(
            CASE
              WHEN CAST("t3"."lowest_own" * CAST(0.750000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
              THEN CAST(1.0000000000 AS DECIMAL(38, 10))
              ELSE CAST("t3"."lowest_own" * CAST(0.750000 AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
            END,
            CASE
              WHEN "t3"."others" > 0
              THEN CAST(CASE "t3"."stage"
                WHEN 'lead'
                THEN CAST(0.11250000 AS DECIMAL(38, 8))
                WHEN 'sql'
                THEN CAST(0.22500000 AS DECIMAL(38, 8))
                WHEN 'opportunity'
                THEN CAST(0.37500000 AS DECIMAL(38, 8))
                WHEN 'won'
                THEN CAST(1.00000000 AS DECIMAL(38, 8))
                WHEN 'lost'
                THEN CAST(0E-8 AS DECIMAL(38, 8))
                ELSE NULL
              END AS DECIMAL(38, 10))
              ELSE CAST(NULL AS DECIMAL(38, 10))
            END
          ) AS DOUBLE)
          ELSE (
            CAST(CAST(CAST(FLOOR(
              CAST((
                "t3"."others_amount" * CASE "t3"."stage"
                  WHEN 'lead'
                  THEN CAST(0.11250000 AS DECIMAL(38, 8))
                  WHEN 'sql'
                  THEN CAST(0.22500000 AS DECIMAL(38, 8))
                  WHEN 'opportunity'
                  THEN CAST(0.37500000 AS DECIMAL(38, 8))
                  WHEN 'won'
                  THEN CAST(1.00000000 AS DECIMAL(38, 8))
                  WHEN 'lost'
                  THEN CAST(0E-8 AS DECIMAL(38, 8))
                  ELSE NULL
                END
              ) + "t3"."own_amount_x_0_75" AS DECIMAL(38, 12))
            ) AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE) + (
              CAST(CAST((
                CAST((
                  "t3"."others_amount" * CASE "t3"."stage"
                    WHEN 'lead'
                    THEN CAST(0.11250000 AS DECIMAL(38, 8))
                    WHEN 'sql'
                    THEN CAST(0.22500000 AS DECIMAL(38, 8))
                    WHEN 'opportunity'
                    THEN CAST(0.37500000 AS DECIMAL(38, 8))
                    WHEN 'won'
                    THEN CAST(1.00000000 AS DECIMAL(38, 8))
                    WHEN 'lost'
                    THEN CAST(0E-8 AS DECIMAL(38, 8))
                    ELSE NULL
                  END
                ) + "t3"."own_amount_x_0_75" AS DECIMAL(38, 12)) - CAST(CAST(FLOOR(
                  CAST((
                    "t3"."others_amount" * CASE "t3"."stage"
                      WHEN 'lead'
                      THEN CAST(0.11250000 AS DECIMAL(38, 8))
                      WHEN 'sql'
                      THEN CAST(0.22500000 AS DECIMAL(38, 8))
                      WHEN 'opportunity'
                      THEN CAST(0.37500000 AS DECIMAL(38, 8))
                      WHEN 'won'
                      THEN CAST(1.00000000 AS DECIMAL(38, 8))
                      WHEN 'lost'
                      THEN CAST(0E-8 AS DECIMAL(38, 8))
                      ELSE NULL
                    END
                  ) + "t3"."own_amount_x_0_75" AS DECIMAL(38, 12))
                ) AS DECIMAL(38, 12)) AS BIGINT)
              ) * 1000000000000 AS BIGINT) AS DOUBLE) / 1000000000000.0
            )
          ) / NULLIF(
            CAST(CAST(CAST(FLOOR(CAST("t3"."amount" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE) + (
              CAST(CAST((
                CAST("t3"."amount" AS DECIMAL(38, 12)) - CAST(CAST(FLOOR(CAST("t3"."amount" AS DECIMAL(38, 12))) AS DECIMAL(38, 12)) AS BIGINT)
              ) * 1000000000000 AS BIGINT) AS DOUBLE) / 1000000000000.0
            ),
            0
          )
        END AS "win_probability",
        CAST(CASE "t3"."stage"
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
      FROM "t2" AS "t3"
    ) AS "t7"
  ) AS "t9"
) AS "t10"
