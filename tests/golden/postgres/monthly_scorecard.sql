SELECT
  "t15"."month",
  COALESCE("t15"."total_leads", 0) AS "total_leads",
  COALESCE("t15"."sql_leads", 0) AS "sql_leads",
  COALESCE("t15"."won_leads", 0) AS "won_leads",
  "t15"."sla_attainment_pct",
  "t15"."overall_health_score",
  "t15"."avg_csat",
  "t15"."nps",
  COALESCE("t15"."total_revenue", 0) AS "total_revenue",
  CAST((
    CAST("t15"."sql_leads" AS DOUBLE PRECISION) * 100
  ) AS DOUBLE PRECISION) / NULLIF(CAST("t15"."total_leads" AS DOUBLE PRECISION), 0) AS "sql_conversion_pct",
  CAST((
    CAST("t15"."won_leads" AS DOUBLE PRECISION) * 100
  ) AS DOUBLE PRECISION) / NULLIF(CAST("t15"."total_leads" AS DOUBLE PRECISION), 0) AS "won_pct",
  CASE
    WHEN CAST(FLOOR((
      "t15"."overall_health_score" * 1000000000.0
    ) + 0.5) AS BIGINT) >= 80000000000
    THEN 'excellent'
    WHEN CAST(FLOOR((
      "t15"."overall_health_score" * 1000000000.0
    ) + 0.5) AS BIGINT) >= 60000000000
    THEN 'good'
    WHEN CAST(FLOOR((
      "t15"."overall_health_score" * 1000000000.0
    ) + 0.5) AS BIGINT) >= 40000000000
    THEN 'fair'
    WHEN "t15"."overall_health_score" IS NOT NULL
    THEN 'poor'
    ELSE NULL
  END AS "health_status"
FROM (
  SELECT
    "t14"."month",
    MAX("t14"."total_leads") AS "total_leads",
    MAX("t14"."sql_leads") AS "sql_leads",
    MAX("t14"."won_leads") AS "won_leads",
    MAX("t14"."sla_attainment_pct") AS "sla_attainment_pct",
    MAX("t14"."overall_health_score") AS "overall_health_score",
    MAX("t14"."avg_csat") AS "avg_csat",
    MAX("t14"."nps") AS "nps",
    MAX("t14"."total_revenue") AS "total_revenue"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t4"."month",
          "t4"."total_leads",
          "t4"."sql_leads",
          "t4"."won_leads",
          CAST(NULL AS DOUBLE PRECISION) AS "sla_attainment_pct",
          CAST(NULL AS DOUBLE PRECISION) AS "overall_health_score",
          CAST(NULL AS DOUBLE PRECISION) AS "avg_csat",
          CAST(NULL AS DOUBLE PRECISION) AS "nps",
          CAST(NULL AS DECIMAL(18, 2)) AS "total_revenue"
        FROM (
          SELECT
            "t0"."month",
            SUM("t0"."stage_count") FILTER(WHERE
              "t0"."funnel_stage" = 'lead') AS "total_leads",
            SUM("t0"."stage_count") FILTER(WHERE
              "t0"."funnel_stage" = 'sql') AS "sql_leads",
            SUM("t0"."stage_count") FILTER(WHERE
              "t0"."funnel_stage" = 'won') AS "won_leads"
          FROM "conversion_funnel" AS "t0"
          GROUP BY
            1
        ) AS "t4"
      ) AS "t7"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          "t8"."month",
          CAST(NULL AS BIGINT) AS "total_leads",
          CAST(NULL AS BIGINT) AS "sql_leads",
          CAST(NULL AS BIGINT) AS "won_leads",
          "t8"."sla_attainment_pct",
          "t8"."overall_health_score",
          CAST(NULL AS DOUBLE PRECISION) AS "avg_csat",
          CAST(NULL AS DOUBLE PRECISION) AS "nps",
          CAST(NULL AS DECIMAL(18, 2)) AS "total_revenue"
        FROM (
          SELECT
            "t1"."month",
            CAST(SUM(CAST(FLOOR((
              "t1"."sla_health" * 1000000000000.0
            ) + 0.5) AS BIGINT)) AS DOUBLE PRECISION) / NULLIF(CAST(COUNT("t1"."sla_health") AS DOUBLE PRECISION) * 1000000000000.0, 0) AS "sla_attainment_pct",
            CAST(SUM(CAST(FLOOR((
              "t1"."overall_health_score" * 1000000000000.0
            ) + 0.5) AS BIGINT)) AS DOUBLE PRECISION) / NULLIF(CAST(COUNT("t1"."overall_health_score") AS DOUBLE PRECISION) * 1000000000000.0, 0) AS "overall_health_score"
          FROM "health_scores" AS "t1"
          GROUP BY
            1
        ) AS "t8"
      ) AS "t10"
    ) AS "t11"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t6"."month",
          CAST(NULL AS BIGINT) AS "total_leads",
          CAST(NULL AS BIGINT) AS "sql_leads",
          CAST(NULL AS BIGINT) AS "won_leads",
          CAST(NULL AS DOUBLE PRECISION) AS "sla_attainment_pct",
          CAST(NULL AS DOUBLE PRECISION) AS "overall_health_score",
          CAST("t6"."csat_total" AS DOUBLE PRECISION) / NULLIF(CAST("t6"."csat_answers" AS DOUBLE PRECISION), 0) AS "avg_csat",
          CAST((
            CAST("t6"."promoters" - "t6"."detractors" AS DOUBLE PRECISION) * 100
          ) AS DOUBLE PRECISION) / NULLIF(CAST("t6"."nps_answers" AS DOUBLE PRECISION), 0) AS "nps",
          CAST(NULL AS DECIMAL(18, 2)) AS "total_revenue"
        FROM (
          SELECT
            "t2"."month",
            SUM("t2"."score") FILTER(WHERE
              "t2"."survey_type" = 'csat') AS "csat_total",
            COUNT(*) FILTER(WHERE
              "t2"."survey_type" = 'csat') AS "csat_answers",
            COUNT(*) FILTER(WHERE
              (
                "t2"."survey_type" = 'nps'
              ) AND (
                "t2"."score" >= 9
              )) AS "promoters",
            COUNT(*) FILTER(WHERE
              (
                "t2"."survey_type" = 'nps'
              ) AND (
                "t2"."score" <= 6
              )) AS "detractors",
            COUNT(*) FILTER(WHERE
              "t2"."survey_type" = 'nps') AS "nps_answers"
          FROM "stg_satisfaction" AS "t2"
          GROUP BY
            1
        ) AS "t6"
      ) AS "t12"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          "t5"."month",
          CAST(NULL AS BIGINT) AS "total_leads",
          CAST(NULL AS BIGINT) AS "sql_leads",
          CAST(NULL AS BIGINT) AS "won_leads",
          CAST(NULL AS DOUBLE PRECISION) AS "sla_attainment_pct",
          CAST(NULL AS DOUBLE PRECISION) AS "overall_health_score",
          CAST(NULL AS DOUBLE PRECISION) AS "avg_csat",
          CAST(NULL AS DOUBLE PRECISION) AS "nps",
          CAST(CAST(ROUND(CAST("t5"."total_revenue" AS DECIMAL), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "total_revenue"
        FROM (
          SELECT
            "t3"."month",
            SUM("t3"."amount") FILTER(WHERE
              "t3"."status" = 'paid') AS "total_revenue"
          FROM "stg_invoices" AS "t3"
          GROUP BY
            1
        ) AS "t5"
      ) AS "t9"
    ) AS "t13"
  ) AS "t14"
  GROUP BY
    1
) AS "t15"
