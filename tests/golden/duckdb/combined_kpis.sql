SELECT
  "t12"."facility_id",
  "t12"."month",
  "t12"."avg_time_to_fill_days",
  "t12"."compliance_rate_pct",
  "t12"."avg_revenue_per_invoice",
  COALESCE("t12"."total_applications", 0) AS "total_applications",
  COALESCE("t12"."hired_count", 0) AS "hired_count",
  COALESCE("t12"."compliant_applications", 0) AS "compliant_applications",
  COALESCE("t12"."violation_count", 0) AS "violation_count",
  COALESCE("t12"."total_revenue", 0) AS "total_revenue",
  COALESCE("t12"."total_outreach", 0) AS "total_outreach",
  (
    CAST("t12"."responses" AS DOUBLE) * 100
  ) / NULLIF(CAST("t12"."total_outreach" AS DOUBLE), 0) AS "response_rate_pct",
  (
    CAST("t12"."conversions" AS DOUBLE) * 100
  ) / NULLIF(CAST("t12"."total_outreach" AS DOUBLE), 0) AS "conversion_rate_pct"
FROM (
  SELECT
    "t11"."facility_id",
    "t11"."month",
    MAX("t11"."total_applications") AS "total_applications",
    MAX("t11"."hired_count") AS "hired_count",
    MAX("t11"."avg_time_to_fill_days") AS "avg_time_to_fill_days",
    MAX("t11"."compliant_applications") AS "compliant_applications",
    MAX("t11"."compliance_rate_pct") AS "compliance_rate_pct",
    MAX("t11"."violation_count") AS "violation_count",
    MAX("t11"."total_revenue") AS "total_revenue",
    MAX("t11"."avg_revenue_per_invoice") AS "avg_revenue_per_invoice",
    MAX("t11"."total_outreach") AS "total_outreach",
    MAX("t11"."responses") AS "responses",
    MAX("t11"."conversions") AS "conversions"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t0"."facility_id",
          "t0"."month",
          "t0"."total_applications",
          "t0"."hired_count",
          "t0"."avg_time_to_fill_days",
          CAST(NULL AS BIGINT) AS "compliant_applications",
          CAST(NULL AS DOUBLE) AS "compliance_rate_pct",
          CAST(NULL AS BIGINT) AS "violation_count",
          CAST(NULL AS DECIMAL(18, 2)) AS "total_revenue",
          CAST(NULL AS DECIMAL(18, 2)) AS "avg_revenue_per_invoice",
          CAST(NULL AS BIGINT) AS "total_outreach",
          CAST(NULL AS BIGINT) AS "responses",
          CAST(NULL AS BIGINT) AS "conversions"
        FROM "pipeline_kpis" AS "t0"
      ) AS "t4"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          "t1"."facility_id",
          "t1"."month",
          CAST(NULL AS BIGINT) AS "total_applications",
          CAST(NULL AS BIGINT) AS "hired_count",
          CAST(NULL AS DOUBLE) AS "avg_time_to_fill_days",
          "t1"."compliant_applications",
          "t1"."compliance_rate_pct",
          "t1"."violation_count",
          CAST(NULL AS DECIMAL(18, 2)) AS "total_revenue",
          CAST(NULL AS DECIMAL(18, 2)) AS "avg_revenue_per_invoice",
          CAST(NULL AS BIGINT) AS "total_outreach",
          CAST(NULL AS BIGINT) AS "responses",
          CAST(NULL AS BIGINT) AS "conversions"
        FROM "compliance_kpis" AS "t1"
      ) AS "t5"
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
          "t2"."month",
          CAST(NULL AS BIGINT) AS "total_applications",
          CAST(NULL AS BIGINT) AS "hired_count",
          CAST(NULL AS DOUBLE) AS "avg_time_to_fill_days",
          CAST(NULL AS BIGINT) AS "compliant_applications",
          CAST(NULL AS DOUBLE) AS "compliance_rate_pct",
          CAST(NULL AS BIGINT) AS "violation_count",
          "t2"."total_revenue",
          "t2"."avg_revenue_per_invoice",
          CAST(NULL AS BIGINT) AS "total_outreach",
          CAST(NULL AS BIGINT) AS "responses",
          CAST(NULL AS BIGINT) AS "conversions"
        FROM "revenue_kpis" AS "t2"
      ) AS "t6"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          "t8"."facility_id",
          "t8"."month",
          CAST(NULL AS BIGINT) AS "total_applications",
          CAST(NULL AS BIGINT) AS "hired_count",
          CAST(NULL AS DOUBLE) AS "avg_time_to_fill_days",
          CAST(NULL AS BIGINT) AS "compliant_applications",
          CAST(NULL AS DOUBLE) AS "compliance_rate_pct",
          CAST(NULL AS BIGINT) AS "violation_count",
          CAST(NULL AS DECIMAL(18, 2)) AS "total_revenue",
          CAST(NULL AS DECIMAL(18, 2)) AS "avg_revenue_per_invoice",
          "t8"."total_outreach",
          "t8"."responses",
          "t8"."conversions"
        FROM (
          SELECT
            "t3"."facility_id",
            "t3"."month",
            SUM("t3"."total_outreach") AS "total_outreach",
            SUM("t3"."responses") AS "responses",
            SUM("t3"."conversions") AS "conversions"
          FROM "outreach_kpis" AS "t3"
          GROUP BY
            1,
            2
        ) AS "t8"
      ) AS "t9"
    ) AS "t10"
  ) AS "t11"
  GROUP BY
    1,
    2
) AS "t12"
