SELECT
  "t13"."deal_id" AS "id",
  COALESCE("t13"."carrier_id", "t13"."deal_id") AS "lead_id",
  "t13"."deal_owner_id" AS "rep_id",
  CASE WHEN "t13"."stage" = 'opportunity' THEN 'open' ELSE "t13"."stage" END AS "status",
  "t13"."amount",
  "t13"."deal_created_at" AS "created_at",
  "t13"."deal_changed_at" AS "updated_at",
  "t13"."deal_closed_at" AS "closed_at"
FROM (
  SELECT
    "t6"."deal_id",
    "t9"."carrier_id",
    "t6"."deal_facility_id",
    "t6"."deal_owner_id",
    "t6"."stage_name",
    "t6"."stage",
    "t6"."amount",
    "t6"."deal_created_at",
    COALESCE(
      "t6"."changed_at",
      GREATEST(
        "t6"."deal_created_at",
        CASE
          WHEN "t6"."stage" <> 'opportunity'
          THEN COALESCE(
            CASE WHEN "t12"."was_other" THEN "t12"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
            "t6"."close_day"
          )
          ELSE CAST(NULL AS TIMESTAMP(6))
        END
      )
    ) AS "deal_changed_at",
    CASE
      WHEN "t6"."stage" <> 'opportunity'
      THEN COALESCE(
        CASE WHEN "t12"."was_other" THEN "t12"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
        "t6"."close_day"
      )
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "deal_closed_at"
  FROM (
    SELECT
      "t0"."id" AS "deal_id",
      COALESCE("t0"."account_id", 'unassigned') AS "deal_facility_id",
      COALESCE("t0"."owner_id", 'unassigned') AS "deal_owner_id",
      COALESCE("t0"."stage_name", 'none') AS "stage_name",
      CASE
        WHEN COALESCE("t0"."is_won", FALSE)
        THEN 'won'
        WHEN COALESCE("t0"."is_closed", FALSE)
        THEN 'lost'
        ELSE 'opportunity'
      END AS "stage",
      COALESCE(CAST(NULLIF(CAST("t0"."amount" AS VARCHAR), '') AS DECIMAL(24, 6)), 0) AS "amount",
      "t0"."created_date" AS "deal_created_at",
      "t0"."last_modified_date" AS "changed_at",
      CASE
        WHEN CAST("t0"."close_date" AS DATE) = CAST("t0"."created_date" AS DATE)
        THEN GREATEST("t0"."close_date", "t0"."created_date")
        ELSE "t0"."close_date"
      END AS "close_day"
    FROM "salesforce"."opportunity" AS "t0"
    WHERE
      COALESCE("t0"."is_deleted", FALSE) = FALSE
  ) AS "t6"
  LEFT OUTER JOIN (
    SELECT
      "t10"."id",
      MIN("t10"."at") AS "since",
      BOOL_OR("t10"."last_other" IS NOT NULL) AS "was_other"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t3"."id",
          "t3"."at",
          "t3"."holds",
          MAX(
            CASE WHEN NOT (
              "t3"."holds"
            ) THEN "t3"."at" ELSE CAST(NULL AS TIMESTAMP(6)) END
          ) OVER (PARTITION BY "t3"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
        FROM (
          SELECT
            "t2"."id",
            "t2"."_fivetran_start" AS "at",
            COALESCE("t2"."is_closed", FALSE) AS "holds"
          FROM "salesforce"."opportunity_history" AS "t2"
        ) AS "t3"
      ) AS "t8"
      WHERE
        "t8"."holds"
        AND (
          (
            "t8"."last_other" IS NULL
          ) OR (
            "t8"."at" >= "t8"."last_other"
          )
        )
    ) AS "t10"
    GROUP BY
      1
  ) AS "t12"
    ON "t6"."deal_id" = "t12"."id"
  LEFT OUTER JOIN (
    SELECT
      "t5"."converted_deal_id",
      (
        ARRAY_AGG("t5"."lead_id" ORDER BY "t5"."entered_at" ASC) FILTER(WHERE
          "t5"."entered_at" IS NOT NULL)
      )[1] AS "carrier_id"
    FROM (
      SELECT
        "t1"."id" AS "lead_id",
        COALESCE("t1"."converted_account_id", 'unassigned') AS "facility_id",
        COALESCE("t1"."owner_id", 'unassigned') AS "owner_id",
        COALESCE("t1"."status", 'none') AS "lead_status",
        CASE
          WHEN COALESCE("t1"."is_converted", FALSE)
          OR COALESCE("t1"."status" IN ('Qualified'), FALSE)
          THEN 'sql'
          WHEN NOT (
            COALESCE("t1"."is_converted", FALSE)
          )
          AND "t1"."status" IN ('Closed - Not Converted', 'Unqualified', 'Disqualified')
          THEN 'lost'
          ELSE 'lead'
        END AS "own_stage",
        "t1"."converted_opportunity_id" AS "converted_deal_id",
        "t1"."created_date" AS "entered_at",
        COALESCE("t1"."last_modified_date", "t1"."created_date") AS "changed_at",
        CASE
          WHEN COALESCE("t1"."is_converted", FALSE)
          THEN CASE
            WHEN CAST("t1"."converted_date" AS DATE) = CAST("t1"."created_date" AS DATE)
            THEN GREATEST("t1"."converted_date", "t1"."created_date")
            ELSE "t1"."converted_date"
          END
          ELSE CAST(NULL AS TIMESTAMP(6))
        END AS "converted_at",
        CASE
          WHEN NOT (
            COALESCE("t1"."is_converted", FALSE)
          )
          AND "t1"."status" IN ('Closed - Not Converted', 'Unqualified', 'Disqualified')
          THEN COALESCE("t1"."last_modified_date", "t1"."created_date")
          ELSE CAST(NULL AS TIMESTAMP(6))
        END AS "given_up_at"
      FROM "salesforce"."lead" AS "t1"
      WHERE
        COALESCE("t1"."is_deleted", FALSE) = FALSE AND "t1"."master_record_id" IS NULL
    ) AS "t5"
    GROUP BY
      1
  ) AS "t9"
    ON "t6"."deal_id" = "t9"."converted_deal_id"
) AS "t13"
