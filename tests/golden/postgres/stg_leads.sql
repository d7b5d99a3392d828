SELECT
  "t0"."id" AS "lead_id",
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
  CAST(DATE_TRUNC('MONTH', CAST("t0"."created_at" AS TIMESTAMP)) AS DATE) AS "month",
  CAST(DATE_TRUNC('MONTH', CAST("t0"."created_at" AS TIMESTAMP)) AS DATE) AS "cohort_month"
FROM "raw"."leads" AS "t0"
WHERE
  "t0"."created_at" <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
