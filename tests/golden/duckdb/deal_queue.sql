SELECT
  "t16"."lead_id",
  "t16"."facility_id",
  "t16"."rep_id",
  "t16"."stage",
  "t16"."created_at",
  "t16"."last_activity_at",
  CAST(CAST(ROUND("t16"."amount", 2) AS DECIMAL(24, 2)) AS DECIMAL(18, 2)) AS "amount",
  CAST(CAST(ROUND("t16"."value", 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_value",
  CAST(DATE_DIFF(
    'MICROSECOND',
    "t16"."created_at",
    CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
  ) AS DOUBLE) / 86400000000.0 AS "age_days",
  CAST(DATE_DIFF(
    'MICROSECOND',
    "t16"."last_activity_at",
    CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
  ) AS DOUBLE) / 86400000000.0 AS "idle_days",
  CASE
    WHEN DATE_DIFF(
      'MICROSECOND',
      "t16"."last_activity_at",
      CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
    ) > 2592000000000
    THEN 'stale'
    WHEN DATE_DIFF(
      'MICROSECOND',
      "t16"."last_activity_at",
      CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
    ) > 1209600000000
    THEN 'cooling'
    ELSE 'active'
  END AS "attention"
FROM (
  SELECT
    "t15"."lead_id",
    "t15"."facility_id",
    "t15"."rep_id",
    "t15"."status",
    "t15"."stage",
    "t15"."amount",
    "t15"."currency",
    "t15"."win_probability",
    "t15"."created_at",
    "t15"."updated_at",
    "t15"."qualified_at",
    "t15"."closed_at",
    "t15"."month",
    "t15"."cohort_month",
    "t15"."latest_at",
    "t15"."settled",
    "t15"."own_probability",
    "t15"."probability",
    "t15"."stage_weight",
    "t15"."amount" * "t15"."probability" * "t15"."stage_weight" AS "value",
    GREATEST(
      "t15"."latest_at",
      CASE
        WHEN "t15"."updated_at" <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
        THEN "t15"."updated_at"
        ELSE CAST(NULL AS TIMESTAMP(6))
      END
    ) AS "last_activity_at"
  FROM (
    SELECT
      "t14"."lead_id",
      "t14"."facility_id",
      "t14"."rep_id",
      "t14"."status",
      "t14"."stage",
      "t14"."amount",
      "t14"."currency",
      "t14"."win_probability",
      "t14"."created_at",
      "t14"."updated_at",
      "t14"."qualified_at",
      "t14"."closed_at",
      "t14"."month",
      "t14"."cohort_month",
      "t14"."latest_at",
      "t14"."settled",
      CASE
        WHEN "t14"."stage" IN ('lead', 'sql', 'opportunity')
        THEN "t14"."win_probability"
        ELSE CAST(NULL AS DECIMAL(24, 6))
      END AS "own_probability",
      COALESCE(
        CASE
          WHEN CAST(CASE
            WHEN "t14"."stage" IN ('lead', 'sql', 'opportunity')
            THEN "t14"."win_probability"
            ELSE CAST(NULL AS DECIMAL(24, 6))
          END * CAST(1.0000 AS DECIMAL(22, 4)) AS DECIMAL(38, 10)) > 1
          THEN CAST(1.0000000000 AS DECIMAL(38, 10))
          ELSE CAST(CASE
            WHEN "t14"."stage" IN ('lead', 'sql', 'opportunity')
            THEN "t14"."win_probability"
            ELSE CAST(NULL AS DECIMAL(24, 6))
          END * CAST(1.0000 AS DECIMAL(22, 4)) AS DECIMAL(38, 10))
        END,
        CASE "t14"."stage"
          WHEN 'lead'
          THEN CAST(0.1500000000 AS DECIMAL(38, 10))
          WHEN 'sql'
          THEN CAST(0.3000000000 AS DECIMAL(38, 10))
          WHEN 'opportunity'
          THEN CAST(0.5000000000 AS DECIMAL(38, 10))
          WHEN 'won'
          THEN CAST(1.0000000000 AS DECIMAL(38, 10))
          WHEN 'lost'
          THEN CAST(0E-10 AS DECIMAL(38, 10))
          ELSE NULL
        END
      ) AS "probability",
      CASE "t14"."stage"
        WHEN 'lead'
        THEN CAST(0.1000 AS DECIMAL(38, 4))
        WHEN 'sql'
        THEN CAST(0.2500 AS DECIMAL(38, 4))
        WHEN 'opportunity'
        THEN CAST(0.5000 AS DECIMAL(38, 4))
        WHEN 'won'
        THEN CAST(1.0000 AS DECIMAL(38, 4))
        WHEN 'lost'
        THEN CAST(0.0000 AS DECIMAL(38, 4))
        ELSE NULL
      END AS "stage_weight"
    FROM (
      SELECT
        "t6"."lead_id",
        "t6"."facility_id",
        "t6"."rep_id",
        "t6"."status",
        "t6"."stage",
        "t6"."amount",
        "t6"."currency",
        "t6"."win_probability",
        "t6"."created_at",
        "t6"."updated_at",
        "t6"."qualified_at",
        "t6"."closed_at",
        "t6"."month",
        "t6"."cohort_month",
        "t13"."latest_at",
        "t13"."settled"
      FROM (
        SELECT
          *
        FROM "stg_leads" AS "t0"
        WHERE
          "t0"."stage" IN ('lead', 'sql', 'opportunity')
      ) AS "t6"
      INNER JOIN (
        SELECT
          *
        FROM (
          SELECT
            "t10"."lead_id",
            MAX("t10"."at") AS "latest_at",
            BOOL_OR(CAST("t10"."settled" AS BOOLEAN)) AS "settled"
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t1"."lead_id",
                "t1"."sent_at" AS "at",
                FALSE AS "settled"
              FROM "stg_outreach" AS "t1"
            ) AS "t4"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                *
              FROM (
                SELECT
                  "t2"."lead_id",
                  "t2"."created_at" AS "at",
                  (
                    "t2"."won_at" IS NOT NULL
                  ) OR (
                    "t2"."lost_at" IS NOT NULL
                  ) AS "settled"
                FROM "lead_milestones" AS "t2"
              ) AS "t7"
              UNION ALL
              SELECT
                *
              FROM (
                SELECT
                  "t3"."lead_id",
                  CASE
                    WHEN "t3"."updated_at" <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
                    THEN "t3"."updated_at"
                    ELSE CAST(NULL AS TIMESTAMP(6))
                  END AS "at",
                  FALSE AS "settled"
                FROM "stg_opportunities" AS "t3"
              ) AS "t8"
            ) AS "t9"
          ) AS "t10"
          GROUP BY
            1
        ) AS "t11"
        WHERE
          NOT (
            "t11"."settled"
          )
      ) AS "t13"
        ON "t6"."lead_id" = "t13"."lead_id"
    ) AS "t14"
  ) AS "t15"
) AS "t16"
