SELECT
  "t0"."id" AS "application_id",
  "t0"."facility_id",
  "t0"."candidate_id",
  CASE
    WHEN (
      "t0"."status" = 'hired'
    )
    AND (
      "t0"."hired_at" > CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
    )
    THEN 'pending'
    ELSE "t0"."status"
  END AS "status",
  "t0"."source",
  "t0"."compliance_score",
  "t0"."has_violations",
  "t0"."created_at",
  "t0"."updated_at",
  "t0"."hired_at",
  CAST(DATE_TRUNC('MONTH', CAST("t0"."created_at" AS TIMESTAMP)) AS DATE) AS "month"
FROM "raw"."applications" AS "t0"
WHERE
  "t0"."created_at" <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
