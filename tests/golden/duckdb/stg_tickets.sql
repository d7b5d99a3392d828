SELECT
  "t0"."id" AS "ticket_id",
  "t0"."facility_id",
  "t0"."priority",
  "t0"."status",
  "t0"."created_at",
  "t0"."first_response_at",
  "t0"."resolved_at",
  "t0"."updated_at",
  CAST(DATE_TRUNC('MONTH', CAST("t0"."created_at" AS TIMESTAMP)) AS DATE) AS "month"
FROM "raw"."tickets" AS "t0"
WHERE
  "t0"."created_at" <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
