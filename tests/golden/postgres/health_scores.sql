SELECT
  "t24"."facility_id",
  "t24"."month",
  "t24"."compliance_score",
  "t24"."pipeline_health",
  "t24"."conversion_health",
  "t24"."sla_health",
  "t24"."satisfaction_health",
  "t24"."overall_health_score",
  "t24"."coverage_pct",
  "t24"."missing_components",
  CASE
    WHEN CAST(FLOOR((
      "t24"."overall_health_score" * 1000000000.0
    ) + 0.5) AS BIGINT) >= 80000000000
    THEN 'excellent'
    WHEN CAST(FLOOR((
      "t24"."overall_health_score" * 1000000000.0
    ) + 0.5) AS BIGINT) >= 60000000000
    THEN 'good'
    WHEN CAST(FLOOR((
      "t24"."overall_health_score" * 1000000000.0
    ) + 0.5) AS BIGINT) >= 40000000000
    THEN 'fair'
    WHEN "t24"."overall_health_score" IS NOT NULL
    THEN 'poor'
    ELSE NULL
  END AS "health_status"
FROM (
  SELECT
    "t23"."facility_id",
    "t23"."month",
    "t23"."compliance_score",
    "t23"."pipeline_health",
    "t23"."conversion_health",
    "t23"."sla_health",
    "t23"."satisfaction_health",
    CASE
      WHEN "t23"."weight" >= 6000
      THEN CAST("t23"."points" AS DOUBLE PRECISION) / NULLIF(CAST("t23"."weight" AS DOUBLE PRECISION), 0)
      ELSE CAST(NULL AS DOUBLE PRECISION)
    END AS "overall_health_score",
    CAST((
      CAST("t23"."weight" AS DOUBLE PRECISION) * 100
    ) AS DOUBLE PRECISION) / NULLIF(CAST(10000 AS DOUBLE PRECISION), 0) AS "coverage_pct",
    NULLIF(
      SUBSTRING("t23"."missing" FROM CASE WHEN (
        1 + 1
      ) >= 1 THEN 1 + 1 ELSE 1 + 1 + LENGTH("t23"."missing") END),
      ''
    ) AS "missing_components"
  FROM (
    SELECT
      "t22"."facility_id",
      "t22"."month",
      "t22"."compliance_score",
      "t22"."pipeline_health",
      "t22"."conversion_health",
      "t22"."sla_health",
      "t22"."satisfaction_health",
      CAST(CASE WHEN "t22"."compliance_score" IS NULL THEN 0 ELSE 2000 END AS BIGINT) + 0 + CAST(CASE WHEN "t22"."pipeline_health" IS NULL THEN 0 ELSE 2000 END AS BIGINT) + CAST(CASE WHEN "t22"."conversion_health" IS NULL THEN 0 ELSE 2000 END AS BIGINT) + CAST(CASE WHEN "t22"."sla_health" IS NULL THEN 0 ELSE 2000 END AS BIGINT) + CAST(CASE WHEN "t22"."satisfaction_health" IS NULL THEN 0 ELSE 2000 END AS BIGINT) AS "weight",
      COALESCE("t22"."compliance_score" * 2000.0, 0.0) + 0 + COALESCE("t22"."pipeline_health" * 2000.0, 0.0) + COALESCE("t22"."conversion_health" * 2000.0, 0.0) + COALESCE("t22"."sla_health" * 2000.0, 0.0) + COALESCE("t22"."satisfaction_health" * 2000.0, 0.0) AS "points",
      '' || CASE WHEN "t22"."compliance_score" IS NULL THEN ',compliance_score' ELSE '' END || CASE WHEN "t22"."pipeline_health" IS NULL THEN ',pipeline_health' ELSE '' END || CASE WHEN "t22"."conversion_health" IS NULL THEN ',conversion_health' ELSE '' END || CASE WHEN "t22"."sla_health" IS NULL THEN ',sla_health' ELSE '' END || CASE
        WHEN "t22"."satisfaction_health" IS NULL
        THEN ',satisfaction_health'
        ELSE ''
      END AS "missing"
    FROM (
      SELECT
        "t21"."facility_id",
        "t21"."month",
        MAX("t21"."compliance_score") AS "compliance_score",
        MAX("t21"."pipeline_health") AS "pipeline_health",
        MAX("t21"."conversion_health") AS "conversion_health",
        MAX("t21"."sla_health") AS "sla_health",
        MAX("t21"."satisfaction_health") AS "satisfaction_health"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            *
          FROM (
            SELECT
              "t7"."facility_id",
              "t7"."month",
              CAST(NULL AS DOUBLE PRECISION) AS "compliance_score",
              CAST(NULL AS DOUBLE PRECISION) AS "pipeline_health",
              CASE
                WHEN (
                  CAST((
                    (
                      CAST((
                        CAST("t7"."won" AS DOUBLE PRECISION) * 100
                      ) AS DOUBLE PRECISION) / NULLIF(CAST("t7"."leads" AS DOUBLE PRECISION), 0)
                    ) * 100
                  ) AS DOUBLE PRECISION) / NULLIF(50.0, 0)
                ) > 100
                THEN 100.0
                ELSE CAST((
                  (
                    CAST((
                      CAST("t7"."won" AS DOUBLE PRECISION) * 100
                    ) AS DOUBLE PRECISION) / NULLIF(CAST("t7"."leads" AS DOUBLE PRECISION), 0)
                  ) * 100
                ) AS DOUBLE PRECISION) / NULLIF(50.0, 0)
              END AS "conversion_health",
              CAST(NULL AS DOUBLE PRECISION) AS "sla_health",
              CAST(NULL AS DOUBLE PRECISION) AS "satisfaction_health"
            FROM (
              SELECT
                "t0"."facility_id",
                "t0"."month",
                SUM("t0"."stage_count") FILTER(WHERE
                  "t0"."funnel_stage" = 'lead') AS "leads",
                SUM("t0"."stage_count") FILTER(WHERE
                  "t0"."funnel_stage" = 'won') AS "won"
              FROM "conversion_funnel" AS "t0"
              GROUP BY
                1,
                2
            ) AS "t7"
          ) AS "t13"
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              "t6"."facility_id",
              "t6"."month",
              CAST(NULL AS DOUBLE PRECISION) AS "compliance_score",
              CAST(NULL AS DOUBLE PRECISION) AS "pipeline_health",
              CAST(NULL AS DOUBLE PRECISION) AS "conversion_health",
              CAST((
                CAST("t6"."met" AS DOUBLE PRECISION) * 100
              ) AS DOUBLE PRECISION) / NULLIF(CAST("t6"."decided" AS DOUBLE PRECISION), 0) AS "sla_health",
              CAST(NULL AS DOUBLE PRECISION) AS "satisfaction_health"
            FROM (
              SELECT
                "t1"."facility_id",
                "t1"."month",
                SUM("t1"."targets_met") AS "met",
                SUM("t1"."targets_decided") AS "decided"
              FROM "ticket_sla_compliance" AS "t1"
              GROUP BY
                1,
                2
            ) AS "t6"
          ) AS "t11"
        ) AS "t14"
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            *
          FROM (
            SELECT
              "t9"."facility_id",
              "t9"."month",
              CAST(NULL AS DOUBLE PRECISION) AS "compliance_score",
              CAST(NULL AS DOUBLE PRECISION) AS "pipeline_health",
              CAST(NULL AS DOUBLE PRECISION) AS "conversion_health",
              CAST(NULL AS DOUBLE PRECISION) AS "sla_health",
              COALESCE(
                CAST((
                  "t9"."csat" + "t9"."nps"
                ) AS DOUBLE PRECISION) / 2,
                "t9"."csat",
                "t9"."nps"
              ) AS "satisfaction_health"
            FROM (
              SELECT
                "t2"."facility_id",
                "t2"."month",
                MAX("t2"."promoter_or_satisfied_pct") FILTER(WHERE
                  "t2"."metric_type" = 'csat') AS "csat",
                MAX(CAST((
                  "t2"."score" + 100
                ) AS DOUBLE PRECISION) / 2) FILTER(WHERE
                  NOT (
                    "t2"."metric_type" = 'csat'
                  )) AS "nps"
              FROM "satisfaction_rollups" AS "t2"
              GROUP BY
                1,
                2
            ) AS "t9"
          ) AS "t12"
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t3"."facility_id",
                "t3"."month",
                "t3"."compliance_rate_pct" AS "compliance_score",
                CAST(NULL AS DOUBLE PRECISION) AS "pipeline_health",
                CAST(NULL AS DOUBLE PRECISION) AS "conversion_health",
                CAST(NULL AS DOUBLE PRECISION) AS "sla_health",
                CAST(NULL AS DOUBLE PRECISION) AS "satisfaction_health"
              FROM "compliance_kpis" AS "t3"
            ) AS "t5"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t17"."facility_id",
                "t17"."month",
                CAST(NULL AS DOUBLE PRECISION) AS "compliance_score",
                CASE
                  WHEN (
                    CAST((
                      (
                        CAST(CAST(CAST(FLOOR("t17"."value") AS DECIMAL(38, 10)) AS BIGINT) AS DOUBLE PRECISION) + CAST(CAST("t17"."value" - CAST(FLOOR("t17"."value") AS DECIMAL(38, 10)) AS DECIMAL(18, 12)) AS DOUBLE PRECISION)
                      ) * 100
                    ) AS DOUBLE PRECISION) / NULLIF(125000.0, 0)
                  ) > 100
                  THEN 100.0
                  ELSE CAST((
                    (
                      CAST(CAST(CAST(FLOOR("t17"."value") AS DECIMAL(38, 10)) AS BIGINT) AS DOUBLE PRECISION) + CAST(CAST("t17"."value" - CAST(FLOOR("t17"."value") AS DECIMAL(38, 10)) AS DECIMAL(18, 12)) AS DOUBLE PRECISION)
                    ) * 100
                  ) AS DOUBLE PRECISION) / NULLIF(125000.0, 0)
                END AS "pipeline_health",
                CAST(NULL AS DOUBLE PRECISION) AS "conversion_health",
                CAST(NULL AS DOUBLE PRECISION) AS "sla_health",
                CAST(NULL AS DOUBLE PRECISION) AS "satisfaction_health"
              FROM (
                SELECT
                  "t16"."facility_id",
                  "t16"."month",
                  SUM("t16"."value") AS "value"
                FROM (
                  SELECT
                    "t15"."facility_id",
                    "t15"."month",
                    "t15"."stage",
                    "t15"."own_probability",
                    "t15"."deal_count",
                    "t15"."amount",
                    "t15"."probability",
                    "t15"."stage_weight",
                    "t15"."amount" * "t15"."probability" * "t15"."stage_weight" AS "value"
                  FROM (
                    SELECT
                      "t10"."facility_id",
                      "t10"."month",
                      "t10"."stage",
                      "t10"."own_probability",
                      "t10"."deal_count",
                      "t10"."amount",
                      COALESCE(
                        CASE
                          WHEN CAST("t10"."own_probability" * CAST('1.0000' AS DECIMAL(22, 4)) AS DECIMAL(38, 10)) > 1
                          THEN CAST('1.0000000000' AS DECIMAL(38, 10))
                          ELSE CAST("t10"."own_probability" * CAST('1.0000' AS DECIMAL(22, 4)) AS DECIMAL(38, 10))
                        END,
                        CASE "t10"."stage"
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
                      CASE "t10"."stage"
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
                    FROM (
                      SELECT
                        "t8"."facility_id",
                        "t8"."month",
                        "t8"."stage",
                        "t8"."own_probability",
                        COUNT(*) AS "deal_count",
                        SUM("t8"."amount") AS "amount"
                      FROM (
                        SELECT
                          "t4"."lead_id",
                          "t4"."facility_id",
                          "t4"."rep_id",
                          "t4"."status",
                          "t4"."stage",
                          "t4"."amount",
                          "t4"."currency",
                          "t4"."win_probability",
                          "t4"."created_at",
                          "t4"."updated_at",
                          "t4"."qualified_at",
                          "t4"."closed_at",
                          "t4"."month",
                          "t4"."cohort_month",
                          CASE
                            WHEN "t4"."stage" IN ('lead', 'sql', 'opportunity')
                            THEN "t4"."win_probability"
                            ELSE CAST(NULL AS DECIMAL(24, 6))
                          END AS "own_probability"
                        FROM "stg_leads" AS "t4"
                        OFFSET '0'
                      ) AS "t8"
                      GROUP BY
                        1,
                        2,
                        3,
                        4
                    ) AS "t10"
                    OFFSET '0'
                  ) AS "t15"
                  OFFSET '0'
                ) AS "t16"
                GROUP BY
                  1,
                  2
              ) AS "t17"
            ) AS "t18"
          ) AS "t19"
        ) AS "t20"
      ) AS "t21"
      GROUP BY
        1,
        2
    ) AS "t22"
    WHERE
      (
        "t22"."compliance_score" IS NOT NULL
      )
      OR (
        "t22"."pipeline_health" IS NOT NULL
      )
      OR (
        "t22"."conversion_health" IS NOT NULL
      )
      OR (
        "t22"."sla_health" IS NOT NULL
      )
      OR (
        "t22"."satisfaction_health" IS NOT NULL
      )
    OFFSET '0'
  ) AS "t23"
  OFFSET '0'
) AS "t24"
