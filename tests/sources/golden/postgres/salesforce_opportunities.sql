WITH "t5" AS (
  SELECT
    "t2"."id",
    "t2"."_fivetran_start" AS "at",
    COALESCE("t2"."is_closed", FALSE) AS "holds",
    NOT (
      COALESCE("t2"."is_closed", FALSE)
    )
    OR (
      FALSE OR COALESCE("t2"."stage_name" = 'Closed Won', FALSE)
    ) AS "counts"
  FROM "salesforce"."opportunity_history" AS "t2"
)
SELECT
  "t23"."deal_id" AS "id",
  COALESCE("t23"."carrier_id", "t23"."deal_id") AS "lead_id",
  "t23"."deal_owner_id" AS "rep_id",
  CASE WHEN "t23"."stage" = 'opportunity' THEN 'open' ELSE "t23"."stage" END AS "status",
  "t23"."amount",
  "t23"."deal_created_at" AS "created_at",
  "t23"."deal_changed_at" AS "updated_at",
  "t23"."deal_closed_at" AS "closed_at"
FROM (
  SELECT
    "t22"."deal_id",
    "t13"."carrier_id",
    "t22"."deal_facility_id",
    "t22"."deal_owner_id",
    "t22"."stage_name",
    "t22"."stage",
    "t22"."amount",
    "t22"."deal_created_at",
    COALESCE(
      "t22"."changed_at",
      GREATEST(
        "t22"."deal_created_at",
        CASE
          WHEN "t22"."stage" <> 'opportunity'
          THEN COALESCE(
            CASE WHEN "t22"."was_other" THEN "t22"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
            "t22"."close_day"
          )
          ELSE CAST(NULL AS TIMESTAMP(6))
        END
      )
    ) AS "deal_changed_at",
    CASE
      WHEN "t22"."stage" <> 'opportunity'
      THEN COALESCE(
        CASE WHEN "t22"."was_other" THEN "t22"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
        "t22"."close_day"
      )
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "deal_closed_at",
    CASE
      WHEN CAST("t22"."landed_at" AS DATE) = CAST("t22"."deal_created_at" AS DATE)
      THEN "t22"."began_at"
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "began_at"
  FROM (
    SELECT
      "t20"."deal_id",
      "t20"."deal_facility_id",
      "t20"."deal_owner_id",
      "t20"."stage_name",
      "t20"."stage",
      "t20"."amount",
      "t20"."deal_created_at",
      "t20"."changed_at",
      "t20"."close_day",
      "t20"."since",
      "t20"."was_other",
      "t20"."landed_at",
      "t20"."began_at"
    FROM (
      SELECT
        "t19"."deal_id",
        "t19"."deal_facility_id",
        "t19"."deal_owner_id",
        "t19"."stage_name",
        "t19"."stage",
        "t19"."amount",
        "t19"."deal_created_at",
        "t19"."changed_at",
        "t19"."close_day",
        "t19"."since",
        "t19"."was_other",
        "t9"."id",
        "t9"."landed_at",
        "t9"."began_at"
      FROM (
        SELECT
          "t17"."deal_id",
          "t17"."deal_facility_id",
          "t17"."deal_owner_id",
          "t17"."stage_name",
          "t17"."stage",
          "t17"."amount",
          "t17"."deal_created_at",
          "t17"."changed_at",
          "t17"."close_day",
          "t17"."since",
          "t17"."was_other"
        FROM (
          SELECT
            "t6"."deal_id",
            "t6"."deal_facility_id",
            "t6"."deal_owner_id",
            "t6"."stage_name",
            "t6"."stage",
            "t6"."amount",
            "t6"."deal_created_at",
            "t6"."changed_at",
            "t6"."close_day",
            "t16"."id",
            "t16"."since",
            "t16"."was_other"
          FROM (
            SELECT
              "t1"."id" AS "deal_id",
              COALESCE("t1"."account_id", 'unassigned') AS "deal_facility_id",
              COALESCE("t1"."owner_id", 'unassigned') AS "deal_owner_id",
              COALESCE("t1"."stage_name", 'none') AS "stage_name",
              CASE
                WHEN COALESCE("t1"."is_won", FALSE)
                THEN 'won'
                WHEN COALESCE("t1"."is_closed", FALSE)
                THEN 'lost'
                ELSE 'opportunity'
              END AS "stage",
              COALESCE(CAST(NULLIF(CAST("t1"."amount" AS VARCHAR), '') AS DECIMAL(24, 6)), 0) AS "amount",
              "t1"."created_date" AS "deal_created_at",
              "t1"."last_modified_date" AS "changed_at",
              CASE
                WHEN CAST("t1"."close_date" AS DATE) = CAST("t1"."created_date" AS DATE)
                THEN GREATEST("t1"."close_date", "t1"."created_date")
                ELSE "t1"."close_date"
              END AS "close_day"
            FROM "salesforce"."opportunity" AS "t1"
            WHERE
              COALESCE("t1"."is_deleted", FALSE) = FALSE
          ) AS "t6"
          LEFT OUTER JOIN (
            SELECT
              "t14"."id",
              MIN("t14"."at") AS "since",
              BOOL_OR("t14"."last_other" IS NOT NULL) AS "was_other"
            FROM (
              SELECT
                *
              FROM (
                SELECT
                  "t7"."id",
                  "t7"."at",
                  "t7"."holds",
                  "t7"."counts",
                  MAX(
                    CASE WHEN NOT (
                      "t7"."holds"
                    ) THEN "t7"."at" ELSE CAST(NULL AS TIMESTAMP(6)) END
                  ) OVER (PARTITION BY "t7"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
                FROM "t5" AS "t7"
              ) AS "t11"
              WHERE
                "t11"."holds"
                AND (
                  (
                    "t11"."last_other" IS NULL
                  ) OR (
                    "t11"."at" >= "t11"."last_other"
                  )
                )
            ) AS "t14"
            GROUP BY
              1
          ) AS "t16"
            ON "t6"."deal_id" = "t16"."id"
        ) AS "t17"
      ) AS "t19"
      LEFT OUTER JOIN (
        SELECT
          "t7"."id",
          MIN("t7"."at") AS "landed_at",
          MIN("t7"."at") FILTER(WHERE
            "t7"."counts") AS "began_at"
        FROM "t5" AS "t7"
        GROUP BY
          1
      ) AS "t9"
        ON "t19"."deal_id" = "t9"."id"
    ) AS "t20"
  ) AS "t22"
  LEFT OUTER JOIN (
    SELECT
      "t10"."converted_deal_id",
      "t10"."lead_id" AS "carrier_id"
    FROM (
      SELECT
        "t3"."lead_id",
        "t3"."facility_id",
        "t3"."owner_id",
        "t3"."lead_status",
        "t3"."own_stage",
        "t3"."converted_deal_id",
        "t3"."entered_at",
        "t3"."changed_at",
        "t3"."converted_at",
        "t3"."given_up_at",
        ROW_NUMBER() OVER (
          PARTITION BY "t3"."converted_deal_id"
          ORDER BY "t3"."entered_at" ASC, LOWER("t3"."lead_id") ASC, "t3"."lead_id" ASC
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) - 1 AS "place"
      FROM (
        SELECT
          "t0"."id" AS "lead_id",
          COALESCE("t0"."converted_account_id", 'unassigned') AS "facility_id",
          COALESCE("t0"."owner_id", 'unassigned') AS "owner_id",
          COALESCE("t0"."status", 'none') AS "lead_status",
          CASE
            WHEN COALESCE("t0"."is_converted", FALSE)
            OR COALESCE("t0"."status" IN ('Qualified'), FALSE)
            THEN 'sql'
            WHEN NOT (
              COALESCE("t0"."is_converted", FALSE)
            )
            AND "t0"."status" IN ('Closed - Not Converted', 'Unqualified', 'Disqualified')
            THEN 'lost'
            ELSE 'lead'
          END AS "own_stage",
          "t0"."converted_opportunity_id" AS "converted_deal_id",
          "t0"."created_date" AS "entered_at",
          COALESCE("t0"."last_modified_date", "t0"."created_date") AS "changed_at",
          CASE
            WHEN COALESCE("t0"."is_converted", FALSE)
            THEN CASE
              WHEN CAST("t0"."converted_date" AS DATE) = CAST("t0"."created_date" AS DATE)
              THEN GREATEST("t0"."converted_date", "t0"."created_date")
              ELSE "t0"."converted_date"
            END
            ELSE CAST(NULL AS TIMESTAMP(6))
          END AS "converted_at",
          CASE
            WHEN NOT (
              COALESCE("t0"."is_converted", FALSE)
            )
            AND "t0"."status" IN ('Closed - Not Converted', 'Unqualified', 'Disqualified')
            THEN COALESCE("t0"."last_modified_date", "t0"."created_date")
            ELSE CAST(NULL AS TIMESTAMP(6))
          END AS "given_up_at"
        FROM "salesforce"."lead" AS "t0"
        WHERE
          COALESCE("t0"."is_deleted", FALSE) = FALSE
          AND "t0"."master_record_id" IS NULL
          AND "t0"."converted_opportunity_id" IS NOT NULL
      ) AS "t3"
    ) AS "t10"
    WHERE
      "t10"."place" = 0
  ) AS "t13"
    ON "t22"."deal_id" = "t13"."converted_deal_id"
) AS "t23"
