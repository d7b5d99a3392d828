SELECT
  "t8"."lead_id",
  "t8"."facility_id",
  "t8"."rep_id",
  "t8"."stage",
  "t8"."created_at",
  "t8"."cohort_month",
  CASE
    WHEN LEAST(
      COALESCE(
        "t8"."qualified_at",
        CASE
          WHEN "t8"."stage" = 'sql'
          THEN "t8"."updated_at"
          ELSE CAST(NULL AS TIMESTAMP(6))
        END
      ),
      "t8"."opportunity_at"
    ) <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
    THEN LEAST(
      COALESCE(
        "t8"."qualified_at",
        CASE
          WHEN "t8"."stage" = 'sql'
          THEN "t8"."updated_at"
          ELSE CAST(NULL AS TIMESTAMP(6))
        END
      ),
      "t8"."opportunity_at"
    )
    ELSE CAST(NULL AS TIMESTAMP(6))
  END AS "sql_at",
  "t8"."opportunity_at",
  "t8"."won_at",
  CASE
    WHEN CASE
      WHEN (
        "t8"."stage" = 'lost'
      ) AND (
        "t8"."won_at" IS NULL
      )
      THEN COALESCE("t8"."closed_at", "t8"."updated_at")
      ELSE CAST(NULL AS TIMESTAMP(6))
    END <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
    THEN CASE
      WHEN (
        "t8"."stage" = 'lost'
      ) AND (
        "t8"."won_at" IS NULL
      )
      THEN COALESCE("t8"."closed_at", "t8"."updated_at")
      ELSE CAST(NULL AS TIMESTAMP(6))
    END
    ELSE CAST(NULL AS TIMESTAMP(6))
  END AS "lost_at"
FROM (
  SELECT
    "t7"."lead_id",
    "t7"."facility_id",
    "t7"."rep_id",
    "t7"."status",
    "t7"."stage",
    "t7"."amount",
    "t7"."currency",
    "t7"."win_probability",
    "t7"."created_at",
    "t7"."updated_at",
    "t7"."qualified_at",
    "t7"."closed_at",
    "t7"."month",
    "t7"."cohort_month",
    "t7"."first_opened_at",
    "t7"."first_won_at",
    "t7"."won_at",
    CASE
      WHEN LEAST(
        COALESCE(
          "t7"."first_opened_at",
          CASE
            WHEN "t7"."stage" = 'opportunity'
            THEN "t7"."updated_at"
            ELSE CAST(NULL AS TIMESTAMP(6))
          END
        ),
        "t7"."won_at"
      ) <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
      THEN LEAST(
        COALESCE(
          "t7"."first_opened_at",
          CASE
            WHEN "t7"."stage" = 'opportunity'
            THEN "t7"."updated_at"
            ELSE CAST(NULL AS TIMESTAMP(6))
          END
        ),
        "t7"."won_at"
      )
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "opportunity_at"
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
      "t6"."first_opened_at",
      "t6"."first_won_at",
      CASE
        WHEN COALESCE(
          "t6"."first_won_at",
          CASE
            WHEN "t6"."stage" = 'won'
            THEN COALESCE("t6"."closed_at", "t6"."updated_at")
            ELSE CAST(NULL AS TIMESTAMP(6))
          END
        ) <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
        THEN COALESCE(
          "t6"."first_won_at",
          CASE
            WHEN "t6"."stage" = 'won'
            THEN COALESCE("t6"."closed_at", "t6"."updated_at")
            ELSE CAST(NULL AS TIMESTAMP(6))
          END
        )
        ELSE CAST(NULL AS TIMESTAMP(6))
      END AS "won_at"
    FROM (
      SELECT
        "t5".*
        EXCLUDE ("lead_id_right")
      FROM (
        SELECT
          "t2"."lead_id",
          "t2"."facility_id",
          "t2"."rep_id",
          "t2"."status",
          "t2"."stage",
          "t2"."amount",
          "t2"."currency",
          "t2"."win_probability",
          "t2"."created_at",
          "t2"."updated_at",
          "t2"."qualified_at",
          "t2"."closed_at",
          "t2"."month",
          "t2"."cohort_month",
          "t4"."lead_id" AS "lead_id_right",
          "t4"."first_opened_at",
          "t4"."first_won_at"
        FROM "stg_leads" AS "t2"
        LEFT OUTER JOIN (
          SELECT
            "t1"."lead_id",
            MIN("t1"."created_at") AS "first_opened_at",
            MIN("t1"."closed_at") FILTER(WHERE
              "t1"."status" = 'won') AS "first_won_at"
          FROM "stg_opportunities" AS "t1"
          GROUP BY
            1
        ) AS "t4"
          ON "t2"."lead_id" = "t4"."lead_id"
      ) AS "t5"
    ) AS "t6"
  ) AS "t7"
) AS "t8"
