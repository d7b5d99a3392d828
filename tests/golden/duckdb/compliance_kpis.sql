SELECT
  "t1"."facility_id",
  "t1"."month",
  "t1"."total_applications",
  "t1"."scored_applications",
  "t1"."compliant_applications",
  "t1"."avg_compliance_score",
  "t1"."violation_count",
  (
    CAST("t1"."compliant_applications" AS DOUBLE) * 100
  ) / NULLIF(CAST("t1"."scored_applications" AS DOUBLE), 0) AS "compliance_rate_pct"
FROM (
  SELECT
    "t0"."facility_id",
    "t0"."month",
    COUNT(*) AS "total_applications",
    COUNT("t0"."compliance_score") AS "scored_applications",
    COUNT(*) FILTER(WHERE
      "t0"."compliance_score" >= CAST(8E+1 AS DECIMAL(18, 3))) AS "compliant_applications",
    CAST(CAST(SUM("t0"."compliance_score") * 1000000 AS BIGINT) AS DOUBLE) / NULLIF(CAST(COUNT("t0"."compliance_score") * 1000000 AS DOUBLE), 0) AS "avg_compliance_score",
    COUNT(*) FILTER(WHERE
      "t0"."has_violations") AS "violation_count"
  FROM "stg_applications" AS "t0"
  GROUP BY
    1,
    2
) AS "t1"
