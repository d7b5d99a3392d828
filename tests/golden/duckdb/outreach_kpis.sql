SELECT
  "t1"."facility_id",
  "t1"."channel",
  "t1"."month",
  "t1"."total_outreach",
  "t1"."responses",
  "t1"."conversions",
  (
    CAST("t1"."responses" AS DOUBLE) * 100
  ) / NULLIF(CAST("t1"."total_outreach" AS DOUBLE), 0) AS "response_rate_pct",
  (
    CAST("t1"."conversions" AS DOUBLE) * 100
  ) / NULLIF(CAST("t1"."total_outreach" AS DOUBLE), 0) AS "conversion_rate_pct"
FROM (
  SELECT
    "t0"."facility_id",
    "t0"."channel",
    "t0"."month",
    COUNT(*) AS "total_outreach",
    COUNT(*) FILTER(WHERE
      "t0"."response_received") AS "responses",
    COUNT(*) FILTER(WHERE
      "t0"."converted") AS "conversions"
  FROM "stg_outreach" AS "t0"
  GROUP BY
    1,
    2,
    3
) AS "t1"
