SELECT
  "t0"."id" AS "opportunity_id",
  "t0"."lead_id",
  "t0"."rep_id",
  CASE
    WHEN "t0"."closed_at" > CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
    THEN 'open'
    ELSE "t0"."status"
  END AS "status",
  "t0"."amount",
  "t0"."currency",
  "t0"."created_at",
  "t0"."updated_at",
  "t0"."closed_at",
  CAST(DATE_TRUNC('MONTH', CAST("t0"."created_at" AS TIMESTAMP)) AS DATE) AS "month"
FROM "raw"."opportunities" AS "t0"
WHERE
  "t0"."created_at" <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
