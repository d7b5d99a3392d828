SELECT
  "t0"."id" AS "satisfaction_id",
  "t0"."facility_id",
  "t0"."survey_type",
  "t0"."score",
  "t0"."created_at",
  "t0"."feedback",
  CAST(DATE_TRUNC('MONTH', CAST("t0"."created_at" AS TIMESTAMP)) AS DATE) AS "month"
FROM "raw"."satisfaction" AS "t0"
WHERE
  "t0"."created_at" <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
