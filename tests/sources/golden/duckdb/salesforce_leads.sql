WITH "t4" AS (
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
    COALESCE("t0"."is_deleted", FALSE) = FALSE AND "t0"."master_record_id" IS NULL
), "t15" AS (
  SELECT
    "t7"."deal_id",
    "t11"."carrier_id",
    "t7"."deal_facility_id",
    "t7"."deal_owner_id",
    "t7"."stage_name",
    "t7"."stage",
    "t7"."amount",
    "t7"."deal_created_at",
    COALESCE(
      "t7"."changed_at",
      GREATEST(
        "t7"."deal_created_at",
        CASE
          WHEN "t7"."stage" <> 'opportunity'
          THEN COALESCE(
            CASE WHEN "t14"."was_other" THEN "t14"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
            "t7"."close_day"
          )
          ELSE CAST(NULL AS TIMESTAMP(6))
        END
      )
    ) AS "deal_changed_at",
    CASE
      WHEN "t7"."stage" <> 'opportunity'
      THEN COALESCE(
        CASE WHEN "t14"."was_other" THEN "t14"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
        "t7"."close_day"
      )
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "deal_closed_at"
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
      COALESCE(CAST(NULLIF(CAST("t1"."amount" AS TEXT), '') AS DECIMAL(24, 6)), 0) AS "amount",
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
  ) AS "t7"
  LEFT OUTER JOIN (
    SELECT
      "t12"."id",
      MIN("t12"."at") AS "since",
      BOOL_OR(CAST("t12"."last_other" IS NOT NULL AS BOOLEAN)) AS "was_other"
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
      ) AS "t9"
      WHERE
        "t9"."holds"
        AND (
          (
            "t9"."last_other" IS NULL
          ) OR (
            "t9"."at" >= "t9"."last_other"
          )
        )
    ) AS "t12"
    GROUP BY
      1
  ) AS "t14"
    ON "t7"."deal_id" = "t14"."id"
  LEFT OUTER JOIN (
    SELECT
      "t6"."converted_deal_id",
      FIRST("t6"."lead_id" ORDER BY "t6"."entered_at") AS "carrier_id"
    FROM "t4" AS "t6"
    GROUP BY
      1
  ) AS "t11"
    ON "t7"."deal_id" = "t11"."converted_deal_id"
)
SELECT
  *
FROM (
  SELECT
    "t8"."lead_id" AS "id",
    COALESCE("t17"."deal_facility_id", "t8"."facility_id") AS "facility_id",
    "t8"."owner_id" AS "rep_id",
    "t8"."lead_status" AS "status",
    COALESCE("t17"."stage", "t8"."own_stage") AS "stage",
    COALESCE("t17"."amount", 0) AS "amount",
    "t8"."entered_at" AS "created_at",
    GREATEST("t8"."changed_at", "t17"."deal_changed_at") AS "updated_at",
    "t8"."converted_at" AS "qualified_at",
    COALESCE("t17"."deal_closed_at", "t8"."given_up_at") AS "closed_at"
  FROM "t4" AS "t8"
  LEFT OUTER JOIN "t15" AS "t17"
    ON "t8"."lead_id" = "t17"."carrier_id"
) AS "t19"
UNION ALL
SELECT
  *
FROM (
  SELECT
    "t16"."deal_id" AS "id",
    "t16"."deal_facility_id" AS "facility_id",
    "t16"."deal_owner_id" AS "rep_id",
    "t16"."stage_name" AS "status",
    "t16"."stage",
    "t16"."amount",
    "t16"."deal_created_at" AS "created_at",
    "t16"."deal_changed_at" AS "updated_at",
    CAST(NULL AS TIMESTAMP(6)) AS "qualified_at",
    "t16"."deal_closed_at" AS "closed_at"
  FROM "t15" AS "t16"
  WHERE
    "t16"."carrier_id" IS NULL
) AS "t18"
