WITH "t2" AS (
  SELECT
    "t1"."facility_id",
    "t1"."month",
    "t1"."metric_type",
    COUNT(*) AS "response_count",
    SUM("t1"."score") AS "total_score",
    COUNT(*) FILTER(WHERE
      CASE
        WHEN "t1"."metric_type" = 'nps'
        THEN "t1"."score" >= 9
        ELSE "t1"."score" >= 4
      END) AS "favourable",
    COUNT(*) FILTER(WHERE
      CASE
        WHEN "t1"."metric_type" = 'nps'
        THEN "t1"."score" <= 6
        ELSE "t1"."score" <= 2
      END) AS "unfavourable",
    MIN("t1"."score") AS "min_score",
    PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
      CAST("t1"."score" AS DOUBLE PRECISION)) AS "median_score",
    MAX("t1"."score") AS "max_score"
  FROM (
    SELECT
      "t0"."satisfaction_id",
      "t0"."facility_id",
      "t0"."survey_type" AS "metric_type",
      "t0"."score",
      "t0"."created_at",
      "t0"."feedback",
      "t0"."month"
    FROM "stg_satisfaction" AS "t0"
  ) AS "t1"
  GROUP BY
    1,
    2,
    3
)
SELECT
  "t6"."facility_id",
  "t6"."month",
  "t6"."metric_type",
  "t6"."response_count",
  "t6"."avg_score",
  "t6"."score",
  "t6"."promoter_or_satisfied_pct",
  "t6"."detractor_or_dissatisfied_pct",
  "t6"."min_score",
  "t6"."median_score",
  "t6"."max_score",
  "t7"."previous_month_score",
  "t6"."score" - "t7"."previous_month_score" AS "month_over_month_change"
FROM (
  SELECT
    "t3"."facility_id",
    "t3"."month",
    "t3"."metric_type",
    "t3"."response_count",
    "t3"."total_score",
    "t3"."favourable",
    "t3"."unfavourable",
    "t3"."min_score",
    "t3"."median_score",
    "t3"."max_score",
    CAST("t3"."total_score" AS DOUBLE PRECISION) / NULLIF(CAST("t3"."response_count" AS DOUBLE PRECISION), 0) AS "avg_score",
    CASE
      WHEN "t3"."metric_type" = 'nps'
      THEN CAST((
        CAST("t3"."favourable" - "t3"."unfavourable" AS DOUBLE PRECISION) * 100
      ) AS DOUBLE PRECISION) / NULLIF(CAST("t3"."response_count" AS DOUBLE PRECISION), 0)
      ELSE CAST("t3"."total_score" AS DOUBLE PRECISION) / NULLIF(CAST("t3"."response_count" AS DOUBLE PRECISION), 0)
    END AS "score",
    CAST((
      CAST("t3"."favourable" AS DOUBLE PRECISION) * 100
    ) AS DOUBLE PRECISION) / NULLIF(CAST("t3"."response_count" AS DOUBLE PRECISION), 0) AS "promoter_or_satisfied_pct",
    CAST((
      CAST("t3"."unfavourable" AS DOUBLE PRECISION) * 100
    ) AS DOUBLE PRECISION) / NULLIF(CAST("t3"."response_count" AS DOUBLE PRECISION), 0) AS "detractor_or_dissatisfied_pct"
  FROM "t2" AS "t3"
  OFFSET '0'
) AS "t6"
LEFT OUTER JOIN (
  SELECT
    "t3"."facility_id",
    "t3"."metric_type",
    CAST(CAST("t3"."month" AS TIMESTAMP) + INTERVAL '1 MONTH' AS DATE) AS "month",
    CASE
      WHEN "t3"."metric_type" = 'nps'
      THEN CAST((
        CAST("t3"."favourable" - "t3"."unfavourable" AS DOUBLE PRECISION) * 100
      ) AS DOUBLE PRECISION) / NULLIF(CAST("t3"."response_count" AS DOUBLE PRECISION), 0)
      ELSE CAST("t3"."total_score" AS DOUBLE PRECISION) / NULLIF(CAST("t3"."response_count" AS DOUBLE PRECISION), 0)
    END AS "previous_month_score"
  FROM "t2" AS "t3"
  OFFSET '0'
) AS "t7"
  ON "t6"."facility_id" = "t7"."facility_id"
  AND "t6"."month" = "t7"."month"
  AND "t6"."metric_type" = "t7"."metric_type"
