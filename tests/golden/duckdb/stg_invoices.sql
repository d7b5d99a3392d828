SELECT
  "t0"."id" AS "invoice_id",
  "t0"."facility_id",
  "t0"."application_id",
  "t0"."amount",
  "t0"."currency",
  CASE
    WHEN (
      "t0"."status" = 'paid'
    )
    AND (
      "t0"."paid_at" > CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
    )
    THEN 'pending'
    ELSE "t0"."status"
  END AS "status",
  "t0"."created_at",
  "t0"."updated_at",
  "t0"."paid_at",
  CAST(DATE_TRUNC('MONTH', CAST("t0"."created_at" AS TIMESTAMP)) AS DATE) AS "month"
FROM "raw"."invoices" AS "t0"
WHERE
  "t0"."created_at" <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
