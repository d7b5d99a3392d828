SELECT
  "t1"."facility_id",
  "t1"."month",
  COUNT(*) AS "total_applications",
  COUNT(*) FILTER(WHERE
    "t1"."status" = 'hired') AS "hired_count",
  COUNT(*) FILTER(WHERE
    "t1"."status" = 'rejected') AS "rejected_count",
  COUNT(*) FILTER(WHERE
    "t1"."status" = 'pending') AS "pending_count",
  COUNT(*) FILTER(WHERE
    "t1"."status" = 'interview') AS "interview_count",
  CAST(SUM("t1"."microseconds_to_fill") AS DOUBLE PRECISION) / NULLIF(CAST(COUNT("t1"."microseconds_to_fill") * 86400000000 AS DOUBLE PRECISION), 0) AS "avg_time_to_fill_days"
FROM (
  SELECT
    "t0"."application_id",
    "t0"."facility_id",
    "t0"."candidate_id",
    "t0"."status",
    "t0"."source",
    "t0"."compliance_score",
    "t0"."has_violations",
    "t0"."created_at",
    "t0"."updated_at",
    "t0"."hired_at",
    "t0"."month",
    CASE
      WHEN "t0"."status" = 'hired'
      THEN CAST(EXTRACT(epoch FROM CAST("t0"."hired_at" AS TIMESTAMP) - CAST("t0"."created_at" AS TIMESTAMP)) * 1000000 AS BIGINT)
      ELSE CAST(NULL AS BIGINT)
    END AS "microseconds_to_fill"
  FROM "stg_applications" AS "t0"
  OFFSET '0'
) AS "t1"
GROUP BY
  1,
  2
