WITH "t9" AS (
  SELECT
    "t2"."id" AS "lead_id",
    COALESCE("t2"."converted_account_id", 'unassigned') AS "facility_id",
    COALESCE("t2"."owner_id", 'unassigned') AS "owner_id",
    COALESCE("t2"."status", 'none') AS "lead_status",
    CASE
      WHEN COALESCE("t2"."is_converted", FALSE)
      OR COALESCE("t2"."status" IN ('Qualified'), FALSE)
      THEN 'sql'
      WHEN NOT (
        COALESCE("t2"."is_converted", FALSE)
      )
      AND "t2"."status" IN ('Closed - Not Converted', 'Unqualified', 'Disqualified')
      THEN 'lost'
      ELSE 'lead'
    END AS "own_stage",
    "t2"."converted_opportunity_id" AS "converted_deal_id",
    "t2"."created_date" AS "entered_at",
    COALESCE("t2"."last_modified_date", "t2"."created_date") AS "changed_at",
    CASE
      WHEN COALESCE("t2"."is_converted", FALSE)
      THEN CASE
        WHEN CAST("t2"."converted_date" AS DATE) = CAST("t2"."created_date" AS DATE)
        THEN GREATEST("t2"."converted_date", "t2"."created_date")
        ELSE "t2"."converted_date"
      END
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "converted_at",
    CASE
      WHEN NOT (
        COALESCE("t2"."is_converted", FALSE)
      )
      AND "t2"."status" IN ('Closed - Not Converted', 'Unqualified', 'Disqualified')
      THEN COALESCE("t2"."last_modified_date", "t2"."created_date")
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "given_up_at"
  FROM "salesforce"."lead" AS "t2"
  WHERE
    COALESCE("t2"."is_deleted", FALSE) = FALSE AND "t2"."master_record_id" IS NULL
)
SELECT
  "t8"."activity_id" AS "id",
  COALESCE(
    COALESCE("t8"."account_id", "t21"."deal_facility_id", "t13"."facility_id"),
    'unassigned'
  ) AS "facility_id",
  COALESCE("t13"."lead_id", "t21"."carrier_id", "t21"."deal_id") AS "lead_id",
  "t8"."rep_id",
  "t8"."channel",
  "t8"."message",
  "t8"."sent_at",
  FALSE AS "response_received",
  CAST(NULL AS TIMESTAMP(6)) AS "responded_at",
  FALSE AS "converted",
  "t8"."activity_created_at" AS "created_at",
  COALESCE("t8"."activity_changed_at", "t8"."activity_created_at") AS "updated_at"
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t0"."id" AS "activity_id",
      "t0"."account_id",
      "t0"."what_id",
      "t0"."who_id",
      "t0"."owner_id" AS "rep_id",
      LOWER(COALESCE("t0"."task_subtype", "t0"."type", 'task')) AS "channel",
      "t0"."description" AS "message",
      COALESCE("t0"."completed_date_time", "t0"."activity_date", "t0"."created_date") AS "sent_at",
      "t0"."created_date" AS "activity_created_at",
      "t0"."last_modified_date" AS "activity_changed_at"
    FROM "salesforce"."task" AS "t0"
    WHERE
      COALESCE("t0"."is_deleted", FALSE) = FALSE AND COALESCE("t0"."is_closed", FALSE)
  ) AS "t5"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t1"."id" AS "activity_id",
      "t1"."account_id",
      "t1"."what_id",
      "t1"."who_id",
      "t1"."owner_id" AS "rep_id",
      'meeting' AS "channel",
      "t1"."description" AS "message",
      COALESCE("t1"."start_date_time", CAST(NULL AS TIMESTAMP(6)), "t1"."created_date") AS "sent_at",
      "t1"."created_date" AS "activity_created_at",
      "t1"."last_modified_date" AS "activity_changed_at"
    FROM "salesforce"."event" AS "t1"
    WHERE
      COALESCE("t1"."is_deleted", FALSE) = FALSE
      AND NOT (
        COALESCE("t1"."is_child", FALSE)
      )
  ) AS "t6"
) AS "t8"
LEFT OUTER JOIN (
  SELECT
    "t12"."deal_id",
    "t16"."carrier_id",
    "t12"."deal_facility_id",
    "t12"."deal_owner_id",
    "t12"."stage_name",
    "t12"."stage",
    "t12"."amount",
    "t12"."deal_created_at",
    COALESCE(
      "t12"."changed_at",
      GREATEST(
        "t12"."deal_created_at",
        CASE
          WHEN "t12"."stage" <> 'opportunity'
          THEN COALESCE(
            CASE WHEN "t19"."was_other" THEN "t19"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
            "t12"."close_day"
          )
          ELSE CAST(NULL AS TIMESTAMP(6))
        END
      )
    ) AS "deal_changed_at",
    CASE
      WHEN "t12"."stage" <> 'opportunity'
      THEN COALESCE(
        CASE WHEN "t19"."was_other" THEN "t19"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
        "t12"."close_day"
      )
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "deal_closed_at"
  FROM (
    SELECT
      "t3"."id" AS "deal_id",
      COALESCE("t3"."account_id", 'unassigned') AS "deal_facility_id",
      COALESCE("t3"."owner_id", 'unassigned') AS "deal_owner_id",
      COALESCE("t3"."stage_name", 'none') AS "stage_name",
      CASE
        WHEN COALESCE("t3"."is_won", FALSE)
        THEN 'won'
        WHEN COALESCE("t3"."is_closed", FALSE)
        THEN 'lost'
        ELSE 'opportunity'
      END AS "stage",
      COALESCE(CAST(NULLIF(CAST("t3"."amount" AS VARCHAR), '') AS DECIMAL(24, 6)), 0) AS "amount",
      "t3"."created_date" AS "deal_created_at",
      "t3"."last_modified_date" AS "changed_at",
      CASE
        WHEN CAST("t3"."close_date" AS DATE) = CAST("t3"."created_date" AS DATE)
        THEN GREATEST("t3"."close_date", "t3"."created_date")
        ELSE "t3"."close_date"
      END AS "close_day"
    FROM "salesforce"."opportunity" AS "t3"
    WHERE
      COALESCE("t3"."is_deleted", FALSE) = FALSE
  ) AS "t12"
  LEFT OUTER JOIN (
    SELECT
      "t17"."id",
      MIN("t17"."at") AS "since",
      BOOL_OR("t17"."last_other" IS NOT NULL) AS "was_other"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t4"."id",
          "t4"."at",
          "t4"."holds",
          MAX(
            CASE WHEN NOT (
              "t4"."holds"
            ) THEN "t4"."at" ELSE CAST(NULL AS TIMESTAMP(6)) END
          ) OVER (PARTITION BY "t4"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
        FROM (
          SELECT
            "t3"."id",
            CAST(NULL AS TIMESTAMP(6)) AS "at",
            COALESCE("t3"."is_closed", FALSE) AS "holds"
          FROM "salesforce"."opportunity" AS "t3"
        ) AS "t4"
      ) AS "t14"
      WHERE
        "t14"."holds"
        AND (
          (
            "t14"."last_other" IS NULL
          ) OR (
            "t14"."at" >= "t14"."last_other"
          )
        )
    ) AS "t17"
    GROUP BY
      1
  ) AS "t19"
    ON "t12"."deal_id" = "t19"."id"
  LEFT OUTER JOIN (
    SELECT
      "t11"."converted_deal_id",
      (
        ARRAY_AGG("t11"."lead_id" ORDER BY "t11"."entered_at" ASC) FILTER(WHERE
          "t11"."entered_at" IS NOT NULL)
      )[1] AS "carrier_id"
    FROM "t9" AS "t11"
    GROUP BY
      1
  ) AS "t16"
    ON "t12"."deal_id" = "t16"."converted_deal_id"
) AS "t21"
  ON "t8"."what_id" = "t21"."deal_id"
LEFT OUTER JOIN "t9" AS "t13"
  ON "t8"."who_id" = "t13"."lead_id"
