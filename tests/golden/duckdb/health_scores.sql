SELECT
  "t21"."facility_id",
  "t21"."month",
  "t21"."compliance_score",
  "t21"."pipeline_health",
  "t21"."conversion_health",
  "t21"."sla_health",
  "t21"."satisfaction_health",
  "t21"."overall_health_score",
  "t21"."coverage_pct",
  "t21"."missing_components",
  CASE
    WHEN CAST(FLOOR((
      "t21"."overall_health_score" * 1000000000.0
    ) + 0.5) AS BIGINT) >= 80000000000
    THEN 'excellent'
    WHEN CAST(FLOOR((
      "t21"."overall_health_score" * 1000000000.0
    ) + 0.5) AS BIGINT) >= 60000000000
    THEN 'good'
    WHEN CAST(FLOOR((
      "t21"."overall_health_score" * 1000000000.0
    ) + 0.5) AS BIGINT) >= 40000000000
    THEN 'fair'
    WHEN "t21"."overall_health_score" IS NOT NULL
    THEN 'poor'
    ELSE NULL
  END AS "health_status"
FROM (
  SELECT
    "t20"."facility_id",
    "t20"."month",
    "t20"."compliance_score",
    "t20"."pipeline_health",
    "t20"."conversion_health",
    "t20"."sla_health",
    "t20"."satisfaction_health",
    CASE
      WHEN "t20"."weight" >= 6000
      THEN "t20"."points" / NULLIF(CAST("t20"."weight" AS DOUBLE), 0)
      ELSE CAST(NULL AS DOUBLE)
    END AS "overall_health_score",
    (
      CAST("t20"."weight" AS DOUBLE) * 100
    ) / NULLIF(CAST(10000 AS DOUBLE), 0) AS "coverage_pct",
    NULLIF(
      SUBSTRING(
        "t20"."missing",
        CASE WHEN (
          1 + 1
        ) >= 1 THEN 1 + 1 ELSE 1 + 1 + LENGTH("t20"."missing") END
      ),
      ''
    ) AS "missing_components"
  FROM (
    SELECT
      "t19"."facility_id",
      "t19"."month",
      "t19"."compliance_score",
      "t19"."pipeline_health",
      "t19"."conversion_health",
      "t19"."sla_health",
      "t19"."satisfaction_health",
      CAST(CASE WHEN "t19"."compliance_score" IS NULL THEN 0 ELSE 2000 END AS BIGINT) + 0 + CAST(CASE WHEN "t19"."pipeline_health" IS NULL THEN 0 ELSE 2000 END AS BIGINT) + CAST(CASE WHEN "t19"."conversion_health" IS NULL THEN 0 ELSE 2000 END AS BIGINT) + CAST(CASE WHEN "t19"."sla_health" IS NULL THEN 0 ELSE 2000 END AS BIGINT) + CAST(CASE WHEN "t19"."satisfaction_health" IS NULL THEN 0 ELSE 2000 END AS BIGINT) AS "weight",
      COALESCE("t19"."compliance_score" * 2000.0, 0.0) + 0 + COALESCE("t19"."pipeline_health" * 2000.0, 0.0) + COALESCE("t19"."conversion_health" * 2000.0, 0.0) + COALESCE("t19"."sla_health" * 2000.0, 0.0) + COALESCE("t19"."satisfaction_health" * 2000.0, 0.0) AS "points",
      '' || CASE WHEN "t19"."compliance_score" IS NULL THEN ',compliance_score' ELSE '' END || CASE WHEN "t19"."pipeline_health" IS NULL THEN ',pipeline_health' ELSE '' END || CASE WHEN "t19"."conversion_health" IS NULL THEN ',conversion_health' ELSE '' END || CASE WHEN "t19"."sla_health" IS NULL THEN ',sla_health' ELSE '' END || CASE
        WHEN "t19"."satisfaction_health" IS NULL
        THEN ',satisfaction_health'
        ELSE ''
      END AS "missing"
    FROM (
      SELECT
        "t18"."facility_id",
        "t18"."month",
        MAX("t18"."compliance_score") AS "compliance_score",
        MAX("t18"."pipeline_health") AS "pipeline_health",
        MAX("t18"."conversion_health") AS "conversion_health",
        MAX("t18"."sla_health") AS "sla_health",
        MAX("t18"."satisfaction_health") AS "satisfaction_health"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            *
          FROM (
            SELECT
              "t8"."facility_id",
              "t8"."month",
              CAST(NULL AS DOUBLE) AS "compliance_score",
              CAST(NULL AS DOUBLE) AS "pipeline_health",
              CASE
                WHEN (
                  (
                    (
                      (
                        CAST("t8"."won" AS DOUBLE) * 100
                      ) / NULLIF(CAST("t8"."leads" AS DOUBLE), 0)
                    ) * 100
                  ) / NULLIF(50.0, 0)
                ) > 100
                THEN 100.0
                ELSE (
                  (
                    (
                      CAST("t8"."won" AS DOUBLE) * 100
                    ) / NULLIF(CAST("t8"."leads" AS DOUBLE), 0)
                  ) * 100
                ) / NULLIF(50.0, 0)
              END AS "conversion_health",
              CAST(NULL AS DOUBLE) AS "sla_health",
              CAST(NULL AS DOUBLE) AS "satisfaction_health"
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
            ) AS "t8"
          ) AS "t13"
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              "t6"."facility_id",
              "t6"."month",
              CAST(NULL AS DOUBLE) AS "compliance_score",
              CAST(NULL AS DOUBLE) AS "pipeline_health",
              CAST(NULL AS DOUBLE) AS "conversion_health",
              (
                CAST("t6"."met" AS DOUBLE) * 100
              ) / NULLIF(CAST("t6"."decided" AS DOUBLE), 0) AS "sla_health",
              CAST(NULL AS DOUBLE) AS "satisfaction_health"
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
          ) AS "t10"
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
              CAST(NULL AS DOUBLE) AS "compliance_score",
              CAST(NULL AS DOUBLE) AS "pipeline_health",
              CAST(NULL AS DOUBLE) AS "conversion_health",
              CAST(NULL AS DOUBLE) AS "sla_health",
              COALESCE((
                "t9"."csat" + "t9"."nps"
              ) / 2, "t9"."csat", "t9"."nps") AS "satisfaction_health"
            FROM (
              SELECT
                "t2"."facility_id",
                "t2"."month",
                MAX("t2"."promoter_or_satisfied_pct") FILTER(WHERE
                  "t2"."metric_type" = 'csat') AS "csat",
                MAX((
                  "t2"."score" + 100
                ) / 2) FILTER(WHERE
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
                CAST(NULL AS DOUBLE) AS "pipeline_health",
                CAST(NULL AS DOUBLE) AS "conversion_health",
                CAST(NULL AS DOUBLE) AS "sla_health",
                CAST(NULL AS DOUBLE) AS "satisfaction_health"
              FROM "compliance_kpis" AS "t3"
            ) AS "t5"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t11"."facility_id",
                "t11"."month",
                CAST(NULL AS DOUBLE) AS "compliance_score",
                CASE
                  WHEN (
                    (
                      (
                        CAST(CAST(CAST(FLOOR("t11"."value") AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE) + (
                          CAST(CAST((
                            "t11"."value" - CAST(CAST(FLOOR("t11"."value") AS DECIMAL(38, 12)) AS BIGINT)
                          ) * 1000000000000 AS BIGINT) AS DOUBLE) / 1000000000000.0
                        )
                      ) * 100
                    ) / NULLIF(125000.0, 0)
                  ) > 100
                  THEN 100.0
                  ELSE (
                    (
                      CAST(CAST(CAST(FLOOR("t11"."value") AS DECIMAL(38, 12)) AS BIGINT) AS DOUBLE) + (
                        CAST(CAST((
                          "t11"."value" - CAST(CAST(FLOOR("t11"."value") AS DECIMAL(38, 12)) AS BIGINT)
                        ) * 1000000000000 AS BIGINT) AS DOUBLE) / 1000000000000.0
                      )
                    ) * 100
                  ) / NULLIF(125000.0, 0)
                END AS "pipeline_health",
                CAST(NULL AS DOUBLE) AS "conversion_health",
                CAST(NULL AS DOUBLE) AS "sla_health",
                CAST(NULL AS DOUBLE) AS "satisfaction_health"
              FROM (
                SELECT
                  "t7"."facility_id",
                  "t7"."month",
                  SUM(
                    "t7"."amount" * CASE "t7"."stage"
                      WHEN 'lead'
                      THEN CAST(0.015000000000 AS DECIMAL(38, 12))
                      WHEN 'sql'
                      THEN CAST(0.075000000000 AS DECIMAL(38, 12))
                      WHEN 'opportunity'
                      THEN CAST(0.250000000000 AS DECIMAL(38, 12))
                      WHEN 'won'
                      THEN CAST(1.000000000000 AS DECIMAL(38, 12))
                      WHEN 'lost'
                      THEN CAST(0E-12 AS DECIMAL(38, 12))
                      ELSE NULL
                    END
                  ) AS "value"
                FROM (
                  SELECT
                    "t4"."facility_id",
                    "t4"."month",
                    "t4"."stage",
                    SUM("t4"."amount") AS "amount"
                  FROM "stg_leads" AS "t4"
                  GROUP BY
                    1,
                    2,
                    3
                ) AS "t7"
                GROUP BY
                  1,
                  2
              ) AS "t11"
            ) AS "t15"
          ) AS "t16"
        ) AS "t17"
      ) AS "t18"
      GROUP BY
        1,
        2
    ) AS "t19"
    WHERE
      (
        "t19"."compliance_score" IS NOT NULL
      )
      OR (
        "t19"."pipeline_health" IS NOT NULL
      )
      OR (
        "t19"."conversion_health" IS NOT NULL
      )
      OR (
        "t19"."sla_health" IS NOT NULL
      )
      OR (
        "t19"."satisfaction_health" IS NOT NULL
      )
  ) AS "t20"
) AS "t21"
