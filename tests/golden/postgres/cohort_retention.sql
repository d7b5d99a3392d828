SELECT
  "t10"."facility_id",
  "t10"."rep_id",
  "t10"."cohort_month",
  "t10"."months_since_cohort",
  "t10"."cohort_size",
  "t10"."won_leads",
  "t10"."lost_leads",
  "t10"."progressed_leads",
  (
    "t10"."cohort_size" - "t10"."lost_leads"
  ) - "t10"."won_leads" AS "active_leads",
  "t10"."cohort_size" - "t10"."lost_leads" AS "retained_leads",
  CAST((
    CAST("t10"."cohort_size" - "t10"."lost_leads" AS DOUBLE PRECISION) * 100
  ) AS DOUBLE PRECISION) / NULLIF(CAST("t10"."cohort_size" AS DOUBLE PRECISION), 0) AS "retention_rate_pct",
  CAST((
    CAST("t10"."progressed_leads" AS DOUBLE PRECISION) * 100
  ) AS DOUBLE PRECISION) / NULLIF(CAST("t10"."cohort_size" AS DOUBLE PRECISION), 0) AS "progression_rate_pct",
  CAST("t10"."won_leads" AS DOUBLE PRECISION) + (
    CAST((
      "t10"."cohort_size" - "t10"."lost_leads"
    ) - "t10"."won_leads" AS DOUBLE PRECISION) * 0.5
  ) AS "weighted_active_leads",
  "t10"."months_since_cohort" < "t10"."months_begun" AS "is_complete"
FROM (
  SELECT
    "t9"."facility_id",
    "t9"."rep_id",
    "t9"."cohort_month",
    "t9"."months_since_cohort",
    "t9"."months_begun",
    SUM("t9"."leads") AS "cohort_size",
    SUM(
      CASE
        WHEN "t9"."won_after" <= "t9"."months_since_cohort"
        THEN "t9"."leads"
        ELSE 0
      END
    ) AS "won_leads",
    SUM(
      CASE
        WHEN "t9"."lost_after" <= "t9"."months_since_cohort"
        THEN "t9"."leads"
        ELSE 0
      END
    ) AS "lost_leads",
    SUM(
      CASE
        WHEN "t9"."opportunity_after" <= "t9"."months_since_cohort"
        THEN "t9"."leads"
        ELSE 0
      END
    ) AS "progressed_leads"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t7"."facility_id",
        "t7"."rep_id",
        "t7"."cohort_month",
        "t7"."won_after",
        "t7"."lost_after",
        "t7"."opportunity_after",
        "t7"."leads",
        "t7"."months_begun",
        "t4"."months_since_cohort"
      FROM (
        SELECT
          "t5"."facility_id",
          "t5"."rep_id",
          "t5"."cohort_month",
          "t5"."won_after",
          "t5"."lost_after",
          "t5"."opportunity_after",
          "t5"."leads",
          24291 - (
            (
              CAST(CAST(DATE_PART('year', "t5"."cohort_month") AS BIGINT) AS BIGINT) * 12
            ) + CAST(DATE_PART('month', "t5"."cohort_month") AS BIGINT)
          ) AS "months_begun"
        FROM (
          SELECT
            "t3"."facility_id",
            "t3"."rep_id",
            "t3"."cohort_month",
            "t3"."won_after",
            "t3"."lost_after",
            "t3"."opportunity_after",
            COUNT(*) AS "leads"
          FROM (
            SELECT
              "t0"."lead_id",
              "t0"."facility_id",
              "t0"."rep_id",
              "t0"."stage",
              "t0"."created_at",
              "t0"."cohort_month",
              "t0"."sql_at",
              "t0"."opportunity_at",
              "t0"."won_at",
              "t0"."lost_at",
              (
                (
                  CAST(CAST(DATE_PART('year', "t0"."won_at") AS BIGINT) AS BIGINT) * 12
                ) + CAST(DATE_PART('month', "t0"."won_at") AS BIGINT)
              ) - (
                (
                  CAST(CAST(DATE_PART('year', "t0"."cohort_month") AS BIGINT) AS BIGINT) * 12
                ) + CAST(DATE_PART('month', "t0"."cohort_month") AS BIGINT)
              ) AS "won_after",
              (
                (
                  CAST(CAST(DATE_PART('year', "t0"."lost_at") AS BIGINT) AS BIGINT) * 12
                ) + CAST(DATE_PART('month', "t0"."lost_at") AS BIGINT)
              ) - (
                (
                  CAST(CAST(DATE_PART('year', "t0"."cohort_month") AS BIGINT) AS BIGINT) * 12
                ) + CAST(DATE_PART('month', "t0"."cohort_month") AS BIGINT)
              ) AS "lost_after",
              (
                (
                  CAST(CAST(DATE_PART('year', "t0"."opportunity_at") AS BIGINT) AS BIGINT) * 12
                ) + CAST(DATE_PART('month', "t0"."opportunity_at") AS BIGINT)
              ) - (
                (
                  CAST(CAST(DATE_PART('year', "t0"."cohort_month") AS BIGINT) AS BIGINT) * 12
                ) + CAST(DATE_PART('month', "t0"."cohort_month") AS BIGINT)
              ) AS "opportunity_after"
            FROM "lead_milestones" AS "t0"
            OFFSET '0'
          ) AS "t3"
          GROUP BY
            1,
            2,
            3,
            4,
            5,
            6
        ) AS "t5"
      ) AS "t7"
      CROSS JOIN (
        SELECT
          CAST("t1"."months_since_cohort" AS BIGINT) AS "months_since_cohort"
        FROM (
          SELECT
            UNNEST(
              CASE
                WHEN NULLIF(1, 0) IS NOT NULL AND SIGN(1) = SIGN(12 - 0)
                THEN ARRAY_REMOVE(ARRAY(SELECT
                  *
                FROM GENERATE_SERIES(0, 12, 1)), 12)
                ELSE CAST(ARRAY[] AS SMALLINT[])
              END
            ) AS "months_since_cohort"
        ) AS "t1"
      ) AS "t4"
    ) AS "t8"
    WHERE
      "t8"."months_since_cohort" <= "t8"."months_begun"
    OFFSET '0'
  ) AS "t9"
  GROUP BY
    1,
    2,
    3,
    4,
    5
) AS "t10"
