WITH "t10" AS (
  SELECT
    "t3"."id",
    CAST(NULL AS TIMESTAMP(6)) AS "at",
    COALESCE("t3"."is_closed", FALSE) AS "holds",
    NOT (
      COALESCE("t3"."is_closed", FALSE)
    )
    OR (
      COALESCE("t3"."is_won", FALSE)
      OR COALESCE("t3"."stage_name" = 'Closed Won', FALSE)
    ) AS "counts"
  FROM "salesforce"."opportunity" AS "t3"
)
SELECT
  "t7"."activity_id" AS "id",
  COALESCE(
    COALESCE("t7"."account_id", "t31"."deal_facility_id", "t12"."facility_id"),
    'unassigned'
  ) AS "facility_id",
  COALESCE("t12"."lead_id", "t31"."carrier_id", "t31"."deal_id") AS "lead_id",
  "t7"."rep_id",
  "t7"."channel",
  "t7"."message",
  "t7"."sent_at",
  FALSE AS "response_received",
  CAST(NULL AS TIMESTAMP(6)) AS "responded_at",
  FALSE AS "converted",
  "t7"."activity_created_at" AS "created_at",
  COALESCE("t7"."activity_changed_at", "t7"."activity_created_at") AS "updated_at"
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
  ) AS "t4"
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
  ) AS "t5"
) AS "t7"
LEFT OUTER JOIN (
  SELECT
    "t29"."deal_id",
    "t20"."carrier_id",
    "t29"."deal_facility_id",
    "t29"."deal_owner_id",
    "t29"."stage_name",
    "t29"."stage",
    "t29"."amount",
    "t29"."deal_created_at",
    COALESCE(
      "t29"."changed_at",
      GREATEST(
        "t29"."deal_created_at",
        CASE
          WHEN "t29"."stage" <> 'opportunity'
          THEN COALESCE(
            CASE WHEN "t29"."was_other" THEN "t29"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
            "t29"."close_day"
          )
          ELSE CAST(NULL AS TIMESTAMP(6))
        END
      )
    ) AS "deal_changed_at",
    CASE
      WHEN "t29"."stage" <> 'opportunity'
      THEN COALESCE(
        CASE WHEN "t29"."was_other" THEN "t29"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
        "t29"."close_day"
      )
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "deal_closed_at",
    CASE
      WHEN CAST("t29"."landed_at" AS DATE) = CAST("t29"."deal_created_at" AS DATE)
      THEN "t29"."began_at"
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "began_at"
  FROM (
    SELECT
      "t27".*
      EXCLUDE ("id")
    FROM (
      SELECT
        "t26"."deal_id",
        "t26"."deal_facility_id",
        "t26"."deal_owner_id",
        "t26"."stage_name",
        "t26"."stage",
        "t26"."amount",
        "t26"."deal_created_at",
        "t26"."changed_at",
        "t26"."close_day",
        "t26"."since",
        "t26"."was_other",
        "t16"."id",
        "t16"."landed_at",
        "t16"."began_at"
      FROM (
        SELECT
          "t24".*
          EXCLUDE ("id")
        FROM (
          SELECT
            "t14"."deal_id",
            "t14"."deal_facility_id",
            "t14"."deal_owner_id",
            "t14"."stage_name",
            "t14"."stage",
            "t14"."amount",
            "t14"."deal_created_at",
            "t14"."changed_at",
            "t14"."close_day",
            "t23"."id",
            "t23"."since",
            "t23"."was_other"
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
              COALESCE(CAST(NULLIF(CAST("t3"."amount" AS TEXT), '') AS DECIMAL(24, 6)), 0) AS "amount",
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
          ) AS "t14"
          LEFT OUTER JOIN (
            SELECT
              "t21"."id",
              MIN("t21"."at") AS "since",
              BOOL_OR(CAST("t21"."last_other" IS NOT NULL AS BOOLEAN)) AS "was_other"
            FROM (
              SELECT
                *
              FROM (
                SELECT
                  "t13"."id",
                  "t13"."at",
                  "t13"."holds",
                  "t13"."counts",
                  MAX(
                    CASE
                      WHEN NOT (
                        "t13"."holds"
                      )
                      THEN "t13"."at"
                      ELSE CAST(NULL AS TIMESTAMP(6))
                    END
                  ) OVER (PARTITION BY "t13"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
                FROM "t10" AS "t13"
              ) AS "t18"
              WHERE
                "t18"."holds"
                AND (
                  (
                    "t18"."last_other" IS NULL
                  ) OR (
                    "t18"."at" >= "t18"."last_other"
                  )
                )
            ) AS "t21"
            GROUP BY
              1
          ) AS "t23"
            ON "t14"."deal_id" = "t23"."id"
        ) AS "t24"
      ) AS "t26"
      LEFT OUTER JOIN (
        SELECT
          "t13"."id",
          MIN("t13"."at") AS "landed_at",
          MIN("t13"."at") FILTER(WHERE
            "t13"."counts") AS "began_at"
        FROM "t10" AS "t13"
        GROUP BY
          1
      ) AS "t16"
        ON "t26"."deal_id" = "t16"."id"
    ) AS "t27"
  ) AS "t29"
  LEFT OUTER JOIN (
    SELECT
      "t17"."converted_deal_id",
      "t17"."lead_id" AS "carrier_id"
    FROM (
      SELECT
        "t9"."lead_id",
        "t9"."facility_id",
        "t9"."owner_id",
        "t9"."lead_status",
        "t9"."own_stage",
        "t9"."converted_deal_id",
        "t9"."entered_at",
        "t9"."changed_at",
        "t9"."converted_at",
        "t9"."given_up_at",
        ROW_NUMBER() OVER (
          PARTITION BY "t9"."converted_deal_id"
          ORDER BY "t9"."entered_at" ASC, LOWER("t9"."lead_id") ASC, "t9"."lead_id" ASC
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) - 1 AS "place"
      FROM (
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
          COALESCE("t2"."is_deleted", FALSE) = FALSE
          AND "t2"."master_record_id" IS NULL
          AND "t2"."converted_opportunity_id" IS NOT NULL
      ) AS "t9"
    ) AS "t17"
    WHERE
      "t17"."place" = 0
  ) AS "t20"
    ON "t29"."deal_id" = "t20"."converted_deal_id"
) AS "t31"
  ON "t7"."what_id" = "t31"."deal_id"
LEFT OUTER JOIN (
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
) AS "t12"
  ON "t7"."who_id" = "t12"."lead_id"
