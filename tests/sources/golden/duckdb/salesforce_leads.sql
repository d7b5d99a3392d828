WITH "t6" AS (
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
), "t25" AS (
  SELECT
    "t24"."deal_id",
    "t15"."carrier_id",
    "t24"."deal_facility_id",
    "t24"."deal_owner_id",
    "t24"."stage_name",
    "t24"."stage",
    "t24"."amount",
    "t24"."deal_created_at",
    COALESCE(
      "t24"."changed_at",
      GREATEST(
        "t24"."deal_created_at",
        CASE
          WHEN "t24"."stage" <> 'opportunity'
          THEN COALESCE(
            CASE WHEN "t24"."was_other" THEN "t24"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
            "t24"."close_day"
          )
          ELSE CAST(NULL AS TIMESTAMP(6))
        END
      )
    ) AS "deal_changed_at",
    CASE
      WHEN "t24"."stage" <> 'opportunity'
      THEN COALESCE(
        CASE WHEN "t24"."was_other" THEN "t24"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
        "t24"."close_day"
      )
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "deal_closed_at",
    CASE
      WHEN CAST("t24"."landed_at" AS DATE) = CAST("t24"."deal_created_at" AS DATE)
      THEN "t24"."began_at"
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "began_at"
  FROM (
    SELECT
      "t22".*
      EXCLUDE ("id")
    FROM (
      SELECT
        "t21"."deal_id",
        "t21"."deal_facility_id",
        "t21"."deal_owner_id",
        "t21"."stage_name",
        "t21"."stage",
        "t21"."amount",
        "t21"."deal_created_at",
        "t21"."changed_at",
        "t21"."close_day",
        "t21"."since",
        "t21"."was_other",
        "t11"."id",
        "t11"."landed_at",
        "t11"."began_at"
      FROM (
        SELECT
          "t19".*
          EXCLUDE ("id")
        FROM (
          SELECT
            "t8"."deal_id",
            "t8"."deal_facility_id",
            "t8"."deal_owner_id",
            "t8"."stage_name",
            "t8"."stage",
            "t8"."amount",
            "t8"."deal_created_at",
            "t8"."changed_at",
            "t8"."close_day",
            "t18"."id",
            "t18"."since",
            "t18"."was_other"
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
          ) AS "t8"
          LEFT OUTER JOIN (
            SELECT
              "t16"."id",
              MIN("t16"."at") AS "since",
              BOOL_OR(CAST("t16"."last_other" IS NOT NULL AS BOOLEAN)) AS "was_other"
            FROM (
              SELECT
                *
              FROM (
                SELECT
                  "t9"."id",
                  "t9"."at",
                  "t9"."holds",
                  "t9"."counts",
                  MAX(
                    CASE WHEN NOT (
                      "t9"."holds"
                    ) THEN "t9"."at" ELSE CAST(NULL AS TIMESTAMP(6)) END
                  ) OVER (PARTITION BY "t9"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
                FROM "t6" AS "t9"
              ) AS "t13"
              WHERE
                "t13"."holds"
                AND (
                  (
                    "t13"."last_other" IS NULL
                  ) OR (
                    "t13"."at" >= "t13"."last_other"
                  )
                )
            ) AS "t16"
            GROUP BY
              1
          ) AS "t18"
            ON "t8"."deal_id" = "t18"."id"
        ) AS "t19"
      ) AS "t21"
      LEFT OUTER JOIN (
        SELECT
          "t9"."id",
          MIN("t9"."at") AS "landed_at",
          MIN("t9"."at") FILTER(WHERE
            "t9"."counts") AS "began_at"
        FROM "t6" AS "t9"
        GROUP BY
          1
      ) AS "t11"
        ON "t21"."deal_id" = "t11"."id"
    ) AS "t22"
  ) AS "t24"
  LEFT OUTER JOIN (
    SELECT
      "t12"."converted_deal_id",
      "t12"."lead_id" AS "carrier_id"
    FROM (
      SELECT
        "t4"."lead_id",
        "t4"."facility_id",
        "t4"."owner_id",
        "t4"."lead_status",
        "t4"."own_stage",
        "t4"."converted_deal_id",
        "t4"."entered_at",
        "t4"."changed_at",
        "t4"."converted_at",
        "t4"."given_up_at",
        ROW_NUMBER() OVER (
          PARTITION BY "t4"."converted_deal_id"
          ORDER BY "t4"."entered_at" ASC, LOWER("t4"."lead_id") ASC, "t4"."lead_id" ASC
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
      ) AS "t4"
    ) AS "t12"
    WHERE
      "t12"."place" = 0
  ) AS "t15"
    ON "t24"."deal_id" = "t15"."converted_deal_id"
)
SELECT
  *
FROM (
  SELECT
    "t7"."lead_id" AS "id",
    COALESCE("t27"."deal_facility_id", "t7"."facility_id") AS "facility_id",
    "t7"."owner_id" AS "rep_id",
    "t7"."lead_status" AS "status",
    COALESCE("t27"."stage", "t7"."own_stage") AS "stage",
    COALESCE("t27"."amount", 0) AS "amount",
    "t7"."entered_at" AS "created_at",
    GREATEST("t7"."changed_at", "t27"."deal_changed_at") AS "updated_at",
    COALESCE(
      CASE
        WHEN "t27"."began_at" >= "t7"."entered_at"
        THEN "t27"."began_at"
        ELSE CAST(NULL AS TIMESTAMP(6))
      END,
      "t7"."converted_at"
    ) AS "qualified_at",
    COALESCE("t27"."deal_closed_at", "t7"."given_up_at") AS "closed_at"
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
      COALESCE("t0"."is_deleted", FALSE) = FALSE AND "t0"."master_record_id" IS NULL
  ) AS "t7"
  LEFT OUTER JOIN "t25" AS "t27"
    ON "t7"."lead_id" = "t27"."carrier_id"
) AS "t29"
UNION ALL
SELECT
  *
FROM (
  SELECT
    "t26"."deal_id" AS "id",
    "t26"."deal_facility_id" AS "facility_id",
    "t26"."deal_owner_id" AS "rep_id",
    "t26"."stage_name" AS "status",
    "t26"."stage",
    "t26"."amount",
    "t26"."deal_created_at" AS "created_at",
    "t26"."deal_changed_at" AS "updated_at",
    CAST(NULL AS TIMESTAMP(6)) AS "qualified_at",
    "t26"."deal_closed_at" AS "closed_at"
  FROM "t25" AS "t26"
  WHERE
    "t26"."carrier_id" IS NULL
) AS "t28"
