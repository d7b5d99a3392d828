WITH "t2" AS (
  SELECT
    "t1"."facility_id",
    "t1"."rep_id",
    "t1"."month",
    COUNT("t1"."lead_at") AS "lead_count",
    COUNT("t1"."sql_at") AS "sql_count",
    COUNT("t1"."opportunity_at") AS "opportunity_count",
    COUNT("t1"."won_at") AS "won_count",
    SUM(DATE_DIFF('MICROSECOND', "t1"."lead_at", "t1"."lead_at")) AS "lead_microseconds",
    SUM(DATE_DIFF('MICROSECOND', "t1"."lead_at", "t1"."sql_at")) AS "sql_microseconds",
    SUM(DATE_DIFF('MICROSECOND', "t1"."lead_at", "t1"."opportunity_at")) AS "opportunity_microseconds",
    SUM(DATE_DIFF('MICROSECOND', "t1"."lead_at", "t1"."won_at")) AS "won_microseconds"
  FROM (
    SELECT
      "t0"."lead_id",
      "t0"."facility_id",
      "t0"."rep_id",
      "t0"."stage",
      "t0"."created_at" AS "lead_at",
      "t0"."cohort_month" AS "month",
      "t0"."sql_at",
      "t0"."opportunity_at",
      "t0"."won_at",
      "t0"."lost_at"
    FROM "lead_milestones" AS "t0"
  ) AS "t1"
  GROUP BY
    1,
    2,
    3
)
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t3"."facility_id",
      "t3"."rep_id",
      "t3"."month",
      'lead' AS "funnel_stage",
      1 AS "stage_position",
      "t3"."lead_count" AS "stage_count",
      CAST(NULL AS BIGINT) AS "previous_stage_count",
      CAST(NULL AS BIGINT) - "t3"."lead_count" AS "drop_off_count",
      (
        CAST("t3"."lead_count" AS DOUBLE) * 100
      ) / NULLIF(CAST(CAST(NULL AS BIGINT) AS DOUBLE), 0) AS "conversion_rate_pct",
      (
        CAST("t3"."lead_count" AS DOUBLE) * 100
      ) / NULLIF(CAST("t3"."lead_count" AS DOUBLE), 0) AS "conversion_from_lead_pct",
      CAST("t3"."lead_microseconds" AS DOUBLE) / NULLIF(CAST("t3"."lead_count" * 86400000000 AS DOUBLE), 0) AS "avg_days_from_lead"
    FROM "t2" AS "t3"
  ) AS "t4"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t3"."facility_id",
      "t3"."rep_id",
      "t3"."month",
      'sql' AS "funnel_stage",
      2 AS "stage_position",
      "t3"."sql_count" AS "stage_count",
      "t3"."lead_count" AS "previous_stage_count",
      "t3"."lead_count" - "t3"."sql_count" AS "drop_off_count",
      (
        CAST("t3"."sql_count" AS DOUBLE) * 100
      ) / NULLIF(CAST("t3"."lead_count" AS DOUBLE), 0) AS "conversion_rate_pct",
      (
        CAST("t3"."sql_count" AS DOUBLE) * 100
      ) / NULLIF(CAST("t3"."lead_count" AS DOUBLE), 0) AS "conversion_from_lead_pct",
      CAST("t3"."sql_microseconds" AS DOUBLE) / NULLIF(CAST("t3"."sql_count" * 86400000000 AS DOUBLE), 0) AS "avg_days_from_lead"
    FROM "t2" AS "t3"
  ) AS "t5"
) AS "t8"
UNION ALL
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t3"."facility_id",
      "t3"."rep_id",
      "t3"."month",
      'opportunity' AS "funnel_stage",
      3 AS "stage_position",
      "t3"."opportunity_count" AS "stage_count",
      "t3"."sql_count" AS "previous_stage_count",
      "t3"."sql_count" - "t3"."opportunity_count" AS "drop_off_count",
      (
        CAST("t3"."opportunity_count" AS DOUBLE) * 100
      ) / NULLIF(CAST("t3"."sql_count" AS DOUBLE), 0) AS "conversion_rate_pct",
      (
        CAST("t3"."opportunity_count" AS DOUBLE) * 100
      ) / NULLIF(CAST("t3"."lead_count" AS DOUBLE), 0) AS "conversion_from_lead_pct",
      CAST("t3"."opportunity_microseconds" AS DOUBLE) / NULLIF(CAST("t3"."opportunity_count" * 86400000000 AS DOUBLE), 0) AS "avg_days_from_lead"
    FROM "t2" AS "t3"
  ) AS "t6"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t3"."facility_id",
      "t3"."rep_id",
      "t3"."month",
      'won' AS "funnel_stage",
      4 AS "stage_position",
      "t3"."won_count" AS "stage_count",
      "t3"."opportunity_count" AS "previous_stage_count",
      "t3"."opportunity_count" - "t3"."won_count" AS "drop_off_count",
      (
        CAST("t3"."won_count" AS DOUBLE) * 100
      ) / NULLIF(CAST("t3"."opportunity_count" AS DOUBLE), 0) AS "conversion_rate_pct",
      (
        CAST("t3"."won_count" AS DOUBLE) * 100
      ) / NULLIF(CAST("t3"."lead_count" AS DOUBLE), 0) AS "conversion_from_lead_pct",
      CAST("t3"."won_microseconds" AS DOUBLE) / NULLIF(CAST("t3"."won_count" * 86400000000 AS DOUBLE), 0) AS "avg_days_from_lead"
    FROM "t2" AS "t3"
  ) AS "t7"
) AS "t9"
