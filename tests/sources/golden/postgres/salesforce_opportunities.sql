WITH "t8" AS (
  SELECT
    *
  FROM (
    SELECT
      "t2"."id",
      "t2"."_fivetran_start" AS "at",
      COALESCE(
        "t2"."is_closed",
        CASE
          WHEN CAST(NULL AS BOOLEAN)
          THEN 'won'
          WHEN NOT (
            CAST(NULL AS BOOLEAN)
          ) AND "t2"."is_closed"
          THEN 'lost'
          WHEN NOT (
            "t2"."is_closed"
          )
          THEN 'opportunity'
          WHEN (
            CAST(NULL AS BOOLEAN) IS NULL
          )
          AND (
            (
              COALESCE(LOWER("t2"."stage_name"), '') = 'closed won'
            )
            OR (
              COALESCE(
                NULLIF(COALESCE(LOWER(CAST(NULL AS VARCHAR)), ''), ''),
                COALESCE(LOWER(CAST(NULL AS VARCHAR)), '')
              ) = 'closed'
            )
          )
          THEN 'won'
          WHEN COALESCE(LOWER("t2"."stage_name"), '') = 'closed lost'
          THEN 'lost'
          WHEN "t2"."is_closed" AND (
            100 IS NULL
          )
          THEN 'won'
          WHEN "t2"."is_closed" AND (
            0 IS NULL
          )
          THEN 'lost'
          WHEN "t2"."is_closed"
          THEN CAST(NULL AS VARCHAR)
          WHEN COALESCE(LOWER("t2"."stage_name"), '') IN (
            'prospecting',
            'qualification',
            'needs analysis',
            'value proposition',
            'id. decision makers',
            'perception analysis',
            'proposal/price quote',
            'negotiation/review'
          )
          OR COALESCE(
            NULLIF(COALESCE(LOWER(CAST(NULL AS VARCHAR)), ''), ''),
            COALESCE(LOWER(CAST(NULL AS VARCHAR)), '')
          ) IN ('pipeline', 'bestcase', 'best case', 'commit', 'forecast')
          THEN 'opportunity'
          ELSE NULL
        END <> 'opportunity'
      ) AS "holds",
      NOT (
        COALESCE(
          "t2"."is_closed",
          CASE
            WHEN CAST(NULL AS BOOLEAN)
            THEN 'won'
            WHEN NOT (
              CAST(NULL AS BOOLEAN)
            ) AND "t2"."is_closed"
            THEN 'lost'
            WHEN NOT (
              "t2"."is_closed"
            )
            THEN 'opportunity'
            WHEN (
              CAST(NULL AS BOOLEAN) IS NULL
            )
            AND (
              (
                COALESCE(LOWER("t2"."stage_name"), '') = 'closed won'
              )
              OR (
                COALESCE(
                  NULLIF(COALESCE(LOWER(CAST(NULL AS VARCHAR)), ''), ''),
                  COALESCE(LOWER(CAST(NULL AS VARCHAR)), '')
                ) = 'closed'
              )
            )
            THEN 'won'
            WHEN COALESCE(LOWER("t2"."stage_name"), '') = 'closed lost'
            THEN 'lost'
            WHEN "t2"."is_closed" AND (
              100 IS NULL
            )
            THEN 'won'
            WHEN "t2"."is_closed" AND (
              0 IS NULL
            )
            THEN 'lost'
            WHEN "t2"."is_closed"
            THEN CAST(NULL AS VARCHAR)
            WHEN COALESCE(LOWER("t2"."stage_name"), '') IN (
              'prospecting',
              'qualification',
              'needs analysis',
              'value proposition',
              'id. decision makers',
              'perception analysis',
              'proposal/price quote',
              'negotiation/review'
            )
            OR COALESCE(
              NULLIF(COALESCE(LOWER(CAST(NULL AS VARCHAR)), ''), ''),
              COALESCE(LOWER(CAST(NULL AS VARCHAR)), '')
            ) IN ('pipeline', 'bestcase', 'best case', 'commit', 'forecast')
            THEN 'opportunity'
            ELSE NULL
          END <> 'opportunity'
        )
      )
      OR COALESCE(
        CASE
          WHEN CAST(NULL AS BOOLEAN)
          THEN 'won'
          WHEN NOT (
            CAST(NULL AS BOOLEAN)
          ) AND "t2"."is_closed"
          THEN 'lost'
          WHEN NOT (
            "t2"."is_closed"
          )
          THEN 'opportunity'
          WHEN (
            CAST(NULL AS BOOLEAN) IS NULL
          )
          AND (
            (
              COALESCE(LOWER("t2"."stage_name"), '') = 'closed won'
            )
            OR (
              COALESCE(
                NULLIF(COALESCE(LOWER(CAST(NULL AS VARCHAR)), ''), ''),
                COALESCE(LOWER(CAST(NULL AS VARCHAR)), '')
              ) = 'closed'
            )
          )
          THEN 'won'
          WHEN COALESCE(LOWER("t2"."stage_name"), '') = 'closed lost'
          THEN 'lost'
          WHEN "t2"."is_closed" AND (
            100 IS NULL
          )
          THEN 'won'
          WHEN "t2"."is_closed" AND (
            0 IS NULL
          )
          THEN 'lost'
          WHEN "t2"."is_closed"
          THEN CAST(NULL AS VARCHAR)
          WHEN COALESCE(LOWER("t2"."stage_name"), '') IN (
            'prospecting',
            'qualification',
            'needs analysis',
            'value proposition',
            'id. decision makers',
            'perception analysis',
            'proposal/price quote',
            'negotiation/review'
          )
          OR COALESCE(
            NULLIF(COALESCE(LOWER(CAST(NULL AS VARCHAR)), ''), ''),
            COALESCE(LOWER(CAST(NULL AS VARCHAR)), '')
          ) IN ('pipeline', 'bestcase', 'best case', 'commit', 'forecast')
          THEN 'opportunity'
          ELSE NULL
        END = 'won',
        FALSE
      ) AS "counts"
    FROM "salesforce"."opportunity_history" AS "t2"
  ) AS "t6"
  WHERE
    "t6"."holds" IS NOT NULL
)
SELECT
  "t24"."deal_id" AS "id",
  COALESCE("t24"."carrier_id", "t24"."deal_id") AS "lead_id",
  "t24"."deal_owner_id" AS "rep_id",
  CASE WHEN "t24"."stage" = 'opportunity' THEN 'open' ELSE "t24"."stage" END AS "status",
  "t24"."amount",
  "t24"."currency",
  "t24"."deal_created_at" AS "created_at",
  "t24"."deal_changed_at" AS "updated_at",
  "t24"."deal_closed_at" AS "closed_at"
FROM (
  SELECT
    "t23"."deal_id",
    "t11"."carrier_id",
    "t23"."deal_facility_id",
    "t23"."deal_owner_id",
    "t23"."stage_name",
    "t23"."stage",
    "t23"."amount",
    "t23"."currency",
    "t23"."deal_created_at",
    COALESCE(
      "t23"."changed_at",
      GREATEST(
        "t23"."deal_created_at",
        CASE
          WHEN "t23"."stage" <> 'opportunity'
          THEN COALESCE(
            CASE WHEN "t23"."was_other" THEN "t23"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
            "t23"."close_day"
          )
          ELSE CAST(NULL AS TIMESTAMP(6))
        END
      )
    ) AS "deal_changed_at",
    CASE
      WHEN "t23"."stage" <> 'opportunity'
      THEN COALESCE(
        CASE WHEN "t23"."was_other" THEN "t23"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
        "t23"."close_day"
      )
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "deal_closed_at",
    CASE
      WHEN "t23"."landed_at" < (
        "t23"."deal_created_at" + INTERVAL '1 DAY'
      )
      THEN "t23"."began_at"
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "began_at"
  FROM (
    SELECT
      "t21"."deal_id",
      "t21"."deal_facility_id",
      "t21"."deal_owner_id",
      "t21"."stage_name",
      "t21"."stage",
      "t21"."amount",
      "t21"."currency",
      "t21"."deal_created_at",
      "t21"."changed_at",
      "t21"."close_day",
      "t21"."since",
      "t21"."was_other",
      "t21"."landed_at",
      "t21"."began_at"
    FROM (
      SELECT
        "t20"."deal_id",
        "t20"."deal_facility_id",
        "t20"."deal_owner_id",
        "t20"."stage_name",
        "t20"."stage",
        "t20"."amount",
        "t20"."currency",
        "t20"."deal_created_at",
        "t20"."changed_at",
        "t20"."close_day",
        "t20"."since",
        "t20"."was_other",
        "t13"."id",
        "t13"."landed_at",
        "t13"."began_at"
      FROM (
        SELECT
          "t18"."deal_id",
          "t18"."deal_facility_id",
          "t18"."deal_owner_id",
          "t18"."stage_name",
          "t18"."stage",
          "t18"."amount",
          "t18"."currency",
          "t18"."deal_created_at",
          "t18"."changed_at",
          "t18"."close_day",
          "t18"."since",
          "t18"."was_other"
        FROM (
          SELECT
            "t5"."deal_id",
            "t5"."deal_facility_id",
            "t5"."deal_owner_id",
            "t5"."stage_name",
            "t5"."stage",
            "t5"."amount",
            "t5"."currency",
            "t5"."deal_created_at",
            "t5"."changed_at",
            "t5"."close_day",
            "t17"."id",
            "t17"."since",
            "t17"."was_other"
          FROM (
            SELECT
              "t1"."id" AS "deal_id",
              COALESCE("t1"."account_id", 'unassigned') AS "deal_facility_id",
              COALESCE("t1"."owner_id", 'unassigned') AS "deal_owner_id",
              COALESCE("t1"."stage_name", 'none') AS "stage_name",
              CASE
                WHEN "t1"."is_won"
                THEN 'won'
                WHEN NOT (
                  "t1"."is_won"
                ) AND "t1"."is_closed"
                THEN 'lost'
                WHEN NOT (
                  "t1"."is_closed"
                )
                THEN 'opportunity'
                WHEN (
                  "t1"."is_won" IS NULL
                )
                AND (
                  (
                    COALESCE(LOWER("t1"."stage_name"), '') = 'closed won'
                  )
                  OR (
                    COALESCE(
                      NULLIF(COALESCE(LOWER(CAST(NULL AS VARCHAR)), ''), ''),
                      COALESCE(LOWER(CAST(NULL AS VARCHAR)), '')
                    ) = 'closed'
                  )
                )
                THEN 'won'
                WHEN COALESCE(LOWER("t1"."stage_name"), '') = 'closed lost'
                THEN 'lost'
                WHEN "t1"."is_closed"
                AND (
                  CAST(NULLIF(NULLIF(CAST("t1"."probability" AS VARCHAR), 'nan'), 'NaN') AS DECIMAL(24, 6)) = 100
                )
                THEN 'won'
                WHEN "t1"."is_closed"
                AND (
                  CAST(NULLIF(NULLIF(CAST("t1"."probability" AS VARCHAR), 'nan'), 'NaN') AS DECIMAL(24, 6)) = 0
                )
                THEN 'lost'
                WHEN "t1"."is_closed"
                THEN CAST(NULL AS VARCHAR)
                WHEN COALESCE(LOWER("t1"."stage_name"), '') IN (
                  'prospecting',
                  'qualification',
                  'needs analysis',
                  'value proposition',
                  'id. decision makers',
                  'perception analysis',
                  'proposal/price quote',
                  'negotiation/review'
                )
                OR COALESCE(
                  NULLIF(COALESCE(LOWER(CAST(NULL AS VARCHAR)), ''), ''),
                  COALESCE(LOWER(CAST(NULL AS VARCHAR)), '')
                ) IN ('pipeline', 'bestcase', 'best case', 'commit', 'forecast')
                THEN 'opportunity'
                ELSE NULL
              END AS "stage",
              COALESCE(
                CAST(NULLIF(NULLIF(CAST("t1"."amount" AS VARCHAR), 'nan'), 'NaN') AS DECIMAL(24, 6)),
                0
              ) AS "amount",
              NULLIF(UPPER("t1"."currency_iso_code"), '') AS "currency",
              "t1"."created_date" AS "deal_created_at",
              "t1"."last_modified_date" AS "changed_at",
              CASE
                WHEN (
                  CAST("t1"."close_date" AS DATE) >= CAST("t1"."created_date" - INTERVAL '12 HOUR' AS DATE)
                )
                AND (
                  CAST(CAST(CAST("t1"."close_date" AS DATE) AS TIMESTAMP) AS TIMESTAMP(6)) < "t1"."created_date"
                )
                THEN "t1"."created_date"
                ELSE CAST(CAST(CAST("t1"."close_date" AS DATE) AS TIMESTAMP) AS TIMESTAMP(6))
              END AS "close_day"
            FROM "salesforce"."opportunity" AS "t1"
            WHERE
              COALESCE("t1"."is_deleted", FALSE) = FALSE
          ) AS "t5"
          LEFT OUTER JOIN (
            SELECT
              "t15"."id",
              MIN("t15"."at") AS "since",
              BOOL_OR("t15"."last_other" IS NOT NULL) AS "was_other"
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
                FROM "t8" AS "t9"
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
            ) AS "t15"
            GROUP BY
              1
          ) AS "t17"
            ON "t5"."deal_id" = "t17"."id"
        ) AS "t18"
      ) AS "t20"
      LEFT OUTER JOIN (
        SELECT
          "t9"."id",
          MIN("t9"."at") AS "landed_at",
          MIN("t9"."at") FILTER(WHERE
            "t9"."counts") AS "began_at"
        FROM "t8" AS "t9"
        GROUP BY
          1
      ) AS "t13"
        ON "t20"."deal_id" = "t13"."id"
    ) AS "t21"
  ) AS "t23"
  LEFT OUTER JOIN (
    SELECT
      "t7"."converted_deal_id",
      "t7"."lead_id" AS "carrier_id"
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
            WHEN COALESCE(
              "t0"."is_converted",
              CASE
                WHEN COALESCE(LOWER("t0"."status"), '') = 'closed - converted'
                THEN COALESCE(LOWER("t0"."status"), '') = 'closed - converted'
                ELSE CAST(NULL AS BOOLEAN)
              END,
              (
                NULLIF(CAST("t0"."converted_date" AS VARCHAR), '') IS NOT NULL
              )
              OR (
                NULLIF("t0"."converted_account_id", '') IS NOT NULL
              )
            )
            OR COALESCE("t0"."status" IN ('Qualified'), FALSE)
            THEN 'sql'
            WHEN NOT (
              COALESCE(
                "t0"."is_converted",
                CASE
                  WHEN COALESCE(LOWER("t0"."status"), '') = 'closed - converted'
                  THEN COALESCE(LOWER("t0"."status"), '') = 'closed - converted'
                  ELSE CAST(NULL AS BOOLEAN)
                END,
                (
                  NULLIF(CAST("t0"."converted_date" AS VARCHAR), '') IS NOT NULL
                )
                OR (
                  NULLIF("t0"."converted_account_id", '') IS NOT NULL
                )
              )
            )
            AND "t0"."status" IN ('Closed - Not Converted', 'Unqualified', 'Disqualified')
            THEN 'lost'
            WHEN NOT (
              COALESCE(
                "t0"."is_converted",
                CASE
                  WHEN COALESCE(LOWER("t0"."status"), '') = 'closed - converted'
                  THEN COALESCE(LOWER("t0"."status"), '') = 'closed - converted'
                  ELSE CAST(NULL AS BOOLEAN)
                END,
                (
                  NULLIF(CAST("t0"."converted_date" AS VARCHAR), '') IS NOT NULL
                )
                OR (
                  NULLIF("t0"."converted_account_id", '') IS NOT NULL
                )
              )
            )
            THEN 'lead'
            ELSE NULL
          END AS "own_stage",
          "t0"."converted_opportunity_id" AS "converted_deal_id",
          "t0"."created_date" AS "entered_at",
          COALESCE("t0"."last_modified_date", "t0"."created_date") AS "changed_at",
          CASE
            WHEN COALESCE(
              "t0"."is_converted",
              CASE
                WHEN COALESCE(LOWER("t0"."status"), '') = 'closed - converted'
                THEN COALESCE(LOWER("t0"."status"), '') = 'closed - converted'
                ELSE CAST(NULL AS BOOLEAN)
              END,
              (
                NULLIF(CAST("t0"."converted_date" AS VARCHAR), '') IS NOT NULL
              )
              OR (
                NULLIF("t0"."converted_account_id", '') IS NOT NULL
              )
            )
            THEN CASE
              WHEN (
                CAST("t0"."converted_date" AS DATE) >= CAST("t0"."created_date" - INTERVAL '12 HOUR' AS DATE)
              )
              AND (
                CAST(CAST(CAST("t0"."converted_date" AS DATE) AS TIMESTAMP) AS TIMESTAMP(6)) < "t0"."created_date"
              )
              THEN "t0"."created_date"
              ELSE CAST(CAST(CAST("t0"."converted_date" AS DATE) AS TIMESTAMP) AS TIMESTAMP(6))
            END
            ELSE CAST(NULL AS TIMESTAMP(6))
          END AS "converted_at",
          CASE
            WHEN NOT (
              COALESCE(
                "t0"."is_converted",
                CASE
                  WHEN COALESCE(LOWER("t0"."status"), '') = 'closed - converted'
                  THEN COALESCE(LOWER("t0"."status"), '') = 'closed - converted'
                  ELSE CAST(NULL AS BOOLEAN)
                END,
                (
                  NULLIF(CAST("t0"."converted_date" AS VARCHAR), '') IS NOT NULL
                )
                OR (
                  NULLIF("t0"."converted_account_id", '') IS NOT NULL
                )
              )
            )
            AND "t0"."status" IN ('Closed - Not Converted', 'Unqualified', 'Disqualified')
            THEN COALESCE("t0"."last_modified_date", "t0"."created_date")
            ELSE CAST(NULL AS TIMESTAMP(6))
          END AS "given_up_at"
        FROM "salesforce"."lead" AS "t0"
        WHERE
          COALESCE("t0"."is_deleted", FALSE) = FALSE
          AND NULLIF("t0"."master_record_id", '') IS NULL
          AND "t0"."converted_opportunity_id" IS NOT NULL
      ) AS "t4"
    ) AS "t7"
    WHERE
      "t7"."place" = 0
  ) AS "t11"
    ON "t23"."deal_id" = "t11"."converted_deal_id"
) AS "t24"
