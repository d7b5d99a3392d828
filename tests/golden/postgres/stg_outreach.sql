SELECT
  "t0"."id" AS "outreach_id",
  "t0"."facility_id",
  "t0"."lead_id",
  "t0"."rep_id",
  "t0"."channel",
  "t0"."message",
  "t0"."sent_at",
  CASE
    WHEN "t0"."responded_at" > CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
    THEN FALSE
    ELSE "t0"."response_received"
  END AS "response_received",
  "t0"."responded_at",
  "t0"."converted",
  "t0"."created_at",
  "t0"."updated_at",
  CAST(DATE_TRUNC('MONTH', CAST("t0"."sent_at" AS TIMESTAMP)) AS DATE) AS "month"
FROM "raw"."outreach" AS "t0"
WHERE
  "t0"."created_at" <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
  AND "t0"."sent_at" <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
