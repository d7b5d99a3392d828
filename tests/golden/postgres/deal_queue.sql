SELECT
  "t15"."lead_id",
  "t15"."facility_id",
  "t15"."rep_id",
  "t15"."stage",
  "t15"."created_at",
  "t15"."last_activity_at",
  CAST(CAST(ROUND(CAST("t15"."amount" AS DECIMAL), 2) AS DECIMAL(24, 2)) AS DECIMAL(18, 2)) AS "amount",
  CAST(CAST(ROUND(CAST("t15"."value" AS DECIMAL), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "weighted_value",
  CAST(CAST(EXTRACT(epoch FROM CAST(CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6)) AS TIMESTAMP) - CAST("t15"."created_at" AS TIMESTAMP)) * 1000000 AS BIGINT) AS DOUBLE PRECISION) / 86400000000.0 AS "age_days",
  CAST(CAST(EXTRACT(epoch FROM CAST(CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6)) AS TIMESTAMP) - CAST("t15"."last_activity_at" AS TIMESTAMP)) * 1000000 AS BIGINT) AS DOUBLE PRECISION) / 86400000000.0 AS "idle_days",
  CASE
    WHEN CAST(EXTRACT(epoch FROM CAST(CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6)) AS TIMESTAMP) - CAST("t15"."last_activity_at" AS TIMESTAMP)) * 1000000 AS BIGINT) > 2592000000000
    THEN 'stale'
    WHEN CAST(EXTRACT(epoch FROM CAST(CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6)) AS TIMESTAMP) - CAST("t15"."last_activity_at" AS TIMESTAMP)) * 1000000 AS BIGINT) > 1209600000000
    THEN 'cooling'
    ELSE 'active'
  END AS "attention"
FROM (
  SELECT
    "t14"."lead_id",
    "t14"."facility_id",
    "t14"."rep_id",
    "t14"."status",
    "t14"."stage",
    "t14"."amount",
    "t14"."win_probability",
    "t14"."created_at",
    "t14"."updated_at",
    "t14"."qualified_at",
    "t14"."closed_at",
    "t14"."month",
    "t14"."cohort_month",
    "t14"."latest_at",
    "t14"."own_probability",
    "t14"."probability",
    "t14"."stage_weight",
    "t14"."amount" * "t14"."probability" * "t14"."stage_weight" AS "value",
    GREATEST(
      "t14"."created_at",
      CASE
        WHEN "t14"."updated_at" <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
        THEN "t14"."updated_at"
        ELSE CAST(NULL AS TIMESTAMP(6))
      END,
      "t14"."latest_at"
    ) AS "last_activity_at"
  FROM (
    SELECT
      "t13"."lead_id",
      "t13"."facility_id",
      "t13"."rep_id",
      "t13"."status",
      "t13"."stage",
      "t13"."amount",
      "t13"."win_probability",
      "t13"."created_at",
      "t13"."updated_at",
      "t13"."qualified_at",
      "t13"."closed_at",
      "t13"."month",
      "t13"."cohort_month",
      "t13"."latest_at",
      CASE
        WHEN "t13"."stage" IN ('lead', 'sql', 'opportunity')
        THEN "t13"."win_probability"
        ELSE CAST(NULL AS DECIMAL(24, 6))
      END AS "own_probability",
      COALESCE(
        CASE
          WHEN CAST(CASE
            WHEN "t13"."stage" IN ('lead', 'sql', 'opportunity')
            THEN "t13"."win_probability"
            ELSE CAST(NULL AS DECIMAL(24, 6))
          END * CAST('1.000000' AS DECIMAL(38, 6)) AS DECIMAL(38, 10)) > 1
          THEN CAST('1.0000000000' AS DECIMAL(38, 10))
          ELSE CAST(CASE
            WHEN "t13"."stage" IN ('lead', 'sql', 'opportunity')
            THEN "t13"."win_probability"
            ELSE CAST(NULL AS DECIMAL(24, 6))
          END * CAST('1.000000' AS DECIMAL(38, 6)) AS DECIMAL(38, 10))
        END,
        CASE "t13"."stage"
          WHEN 'lead'
          THEN CAST('0.1500000000' AS DECIMAL(38, 10))
          WHEN 'sql'
          THEN CAST('0.3000000000' AS DECIMAL(38, 10))
          WHEN 'opportunity'
          THEN CAST('0.5000000000' AS DECIMAL(38, 10))
          WHEN 'won'
          THEN CAST('1.0000000000' AS DECIMAL(38, 10))
          WHEN 'lost'
          THEN CAST('0E-10' AS DECIMAL(38, 10))
          ELSE NULL
        END
      ) AS "probability",
      CASE "t13"."stage"
        WHEN 'lead'
        THEN CAST('0.1000' AS DECIMAL(38, 4))
        WHEN 'sql'
        THEN CAST('0.2500' AS DECIMAL(38, 4))
        WHEN 'opportunity'
        THEN CAST('0.5000' AS DECIMAL(38, 4))
        WHEN 'won'
        THEN CAST('1.0000' AS DECIMAL(38, 4))
        WHEN 'lost'
        THEN CAST('0.0000' AS DECIMAL(38, 4))
        ELSE NULL
      END AS "stage_weight"
    FROM (
      SELECT
        "t12"."lead_id",
        "t12"."facility_id",
        "t12"."rep_id",
        "t12"."status",
        "t12"."stage",
        "t12"."amount",
        "t12"."win_probability",
        "t12"."created_at",
        "t12"."updated_at",
        "t12"."qualified_at",
        "t12"."closed_at",
        "t12"."month",
        "t12"."cohort_month",
        "t12"."latest_at"
      FROM (
        SELECT
          "t4"."lead_id",
          "t4"."facility_id",
          "t4"."rep_id",
          "t4"."status",
          "t4"."stage",
          "t4"."amount",
          "t4"."win_probability",
          "t4"."created_at",
          "t4"."updated_at",
          "t4"."qualified_at",
          "t4"."closed_at",
          "t4"."month",
          "t4"."cohort_month",
          "t11"."lead_id" AS "lead_id_right",
          "t11"."latest_at"
        FROM "stg_leads" AS "t4"
        LEFT OUTER JOIN (
          SELECT
            "t9"."lead_id",
            MAX("t9"."at") AS "latest_at"
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t2"."lead_id",
                CASE
                  WHEN "t2"."updated_at" <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
                  THEN "t2"."updated_at"
                  ELSE CAST(NULL AS TIMESTAMP(6))
                END AS "at"
              FROM "stg_opportunities" AS "t2"
            ) AS "t8"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t3"."lead_id",
                "t3"."sent_at" AS "at"
              FROM "stg_outreach" AS "t3"
            ) AS "t5"
          ) AS "t9"
          GROUP BY
            1
        ) AS "t11"
          ON "t4"."lead_id" = "t11"."lead_id"
        WHERE
          EXISTS(
            SELECT
              1
            FROM (
              SELECT
                *
              FROM "lead_milestones" AS "t1"
              WHERE
                "t1"."won_at" IS NULL
                AND "t1"."lost_at" IS NULL
                AND "t1"."stage" IN ('lead', 'sql', 'opportunity')
            ) AS "t7"
            WHERE
              "t4"."lead_id" = "t7"."lead_id"
          )
      ) AS "t12"
    ) AS "t13"
  ) AS "t14"
) AS "t15"
