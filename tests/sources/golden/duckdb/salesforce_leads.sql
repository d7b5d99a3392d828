WITH "t10" AS (
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
                NULLIF(COALESCE(LOWER(CAST(NULL AS TEXT)), ''), ''),
                COALESCE(LOWER(CAST(NULL AS TEXT)), '')
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
          THEN CAST(NULL AS TEXT)
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
            NULLIF(COALESCE(LOWER(CAST(NULL AS TEXT)), ''), ''),
            COALESCE(LOWER(CAST(NULL AS TEXT)), '')
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
                  NULLIF(COALESCE(LOWER(CAST(NULL AS TEXT)), ''), ''),
                  COALESCE(LOWER(CAST(NULL AS TEXT)), '')
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
            THEN CAST(NULL AS TEXT)
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
              NULLIF(COALESCE(LOWER(CAST(NULL AS TEXT)), ''), ''),
              COALESCE(LOWER(CAST(NULL AS TEXT)), '')
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
                NULLIF(COALESCE(LOWER(CAST(NULL AS TEXT)), ''), ''),
                COALESCE(LOWER(CAST(NULL AS TEXT)), '')
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
          THEN CAST(NULL AS TEXT)
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
            NULLIF(COALESCE(LOWER(CAST(NULL AS TEXT)), ''), ''),
            COALESCE(LOWER(CAST(NULL AS TEXT)), '')
          ) IN ('pipeline', 'bestcase', 'best case', 'commit', 'forecast')
          THEN 'opportunity'
          ELSE NULL
        END = 'won',
        FALSE
      ) AS "counts"
    FROM "salesforce"."opportunity_history" AS "t2"
  ) AS "t8"
  WHERE
    "t8"."holds" IS NOT NULL
), "t26" AS (
  SELECT
    "t25"."deal_id",
    "t13"."carrier_id",
    "t25"."deal_facility_id",
    "t25"."deal_owner_id",
    "t25"."stage_name",
    "t25"."stage",
    "t25"."amount",
    "t25"."currency",
    "t25"."deal_created_at",
    COALESCE(
      "t25"."changed_at",
      GREATEST(
        "t25"."deal_created_at",
        CASE
          WHEN "t25"."stage" <> 'opportunity'
          THEN COALESCE(
            CASE WHEN "t25"."was_other" THEN "t25"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
            "t25"."close_day"
          )
          ELSE CAST(NULL AS TIMESTAMP(6))
        END
      )
    ) AS "deal_changed_at",
    CASE
      WHEN "t25"."stage" <> 'opportunity'
      THEN COALESCE(
        CASE WHEN "t25"."was_other" THEN "t25"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
        "t25"."close_day"
      )
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "deal_closed_at",
    CASE
      WHEN "t25"."landed_at" < (
        "t25"."deal_created_at" + INTERVAL '1' DAY
      )
      THEN "t25"."began_at"
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "began_at"
  FROM (
    SELECT
      "t23".*
      EXCLUDE ("id")
    FROM (
      SELECT
        "t22"."deal_id",
        "t22"."deal_facility_id",
        "t22"."deal_owner_id",
        "t22"."stage_name",
        "t22"."stage",
        "t22"."amount",
        "t22"."currency",
        "t22"."deal_created_at",
        "t22"."changed_at",
        "t22"."close_day",
        "t22"."since",
        "t22"."was_other",
        "t15"."id",
        "t15"."landed_at",
        "t15"."began_at"
      FROM (
        SELECT
          "t20".*
          EXCLUDE ("id")
        FROM (
          SELECT
            "t6"."deal_id",
            "t6"."deal_facility_id",
            "t6"."deal_owner_id",
            "t6"."stage_name",
            "t6"."stage",
            "t6"."amount",
            "t6"."currency",
            "t6"."deal_created_at",
            "t6"."changed_at",
            "t6"."close_day",
            "t19"."id",
            "t19"."since",
            "t19"."was_other"
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
                      NULLIF(COALESCE(LOWER(CAST(NULL AS TEXT)), ''), ''),
                      COALESCE(LOWER(CAST(NULL AS TEXT)), '')
                    ) = 'closed'
                  )
                )
                THEN 'won'
                WHEN COALESCE(LOWER("t1"."stage_name"), '') = 'closed lost'
                THEN 'lost'
                WHEN "t1"."is_closed"
                AND (
                  CAST(NULLIF(NULLIF(CAST("t1"."probability" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6)) = 100
                )
                THEN 'won'
                WHEN "t1"."is_closed"
                AND (
                  CAST(NULLIF(NULLIF(CAST("t1"."probability" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6)) = 0
                )
                THEN 'lost'
                WHEN "t1"."is_closed"
                THEN CAST(NULL AS TEXT)
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
                  NULLIF(COALESCE(LOWER(CAST(NULL AS TEXT)), ''), ''),
                  COALESCE(LOWER(CAST(NULL AS TEXT)), '')
                ) IN ('pipeline', 'bestcase', 'best case', 'commit', 'forecast')
                THEN 'opportunity'
                ELSE NULL
              END AS "stage",
              COALESCE(
                CAST(NULLIF(NULLIF(CAST("t1"."amount" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6)),
                0
              ) AS "amount",
              NULLIF(UPPER("t1"."currency_iso_code"), '') AS "currency",
              "t1"."created_date" AS "deal_created_at",
              "t1"."last_modified_date" AS "changed_at",
              CASE
                WHEN (
                  CAST("t1"."close_date" AS DATE) >= CAST("t1"."created_date" - INTERVAL '12' HOUR AS DATE)
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
          ) AS "t6"
          LEFT OUTER JOIN (
            SELECT
              "t17"."id",
              MIN("t17"."at") AS "since",
              BOOL_OR(CAST("t17"."last_other" IS NOT NULL AS BOOLEAN)) AS "was_other"
            FROM (
              SELECT
                *
              FROM (
                SELECT
                  "t11"."id",
                  "t11"."at",
                  "t11"."holds",
                  "t11"."counts",
                  MAX(
                    CASE
                      WHEN NOT (
                        "t11"."holds"
                      )
                      THEN "t11"."at"
                      ELSE CAST(NULL AS TIMESTAMP(6))
                    END
                  ) OVER (PARTITION BY "t11"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
                FROM "t10" AS "t11"
              ) AS "t16"
              WHERE
                "t16"."holds"
                AND (
                  (
                    "t16"."last_other" IS NULL
                  ) OR (
                    "t16"."at" >= "t16"."last_other"
                  )
                )
            ) AS "t17"
            GROUP BY
              1
          ) AS "t19"
            ON "t6"."deal_id" = "t19"."id"
        ) AS "t20"
      ) AS "t22"
      LEFT OUTER JOIN (
        SELECT
          "t11"."id",
          MIN("t11"."at") AS "landed_at",
          MIN("t11"."at") FILTER(WHERE
            "t11"."counts") AS "began_at"
        FROM "t10" AS "t11"
        GROUP BY
          1
      ) AS "t15"
        ON "t22"."deal_id" = "t15"."id"
    ) AS "t23"
  ) AS "t25"
  LEFT OUTER JOIN (
    SELECT
      "t9"."converted_deal_id",
      "t9"."lead_id" AS "carrier_id"
    FROM (
      SELECT
        "t5"."lead_id",
        "t5"."facility_id",
        "t5"."owner_id",
        "t5"."lead_status",
        "t5"."own_stage",
        "t5"."converted_deal_id",
        "t5"."entered_at",
        "t5"."changed_at",
        "t5"."converted_at",
        "t5"."given_up_at",
        ROW_NUMBER() OVER (
          PARTITION BY "t5"."converted_deal_id"
          ORDER BY "t5"."entered_at" ASC, LOWER("t5"."lead_id") ASC, "t5"."lead_id" ASC
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
                NULLIF(CAST("t0"."converted_date" AS TEXT), '') IS NOT NULL
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
                  NULLIF(CAST("t0"."converted_date" AS TEXT), '') IS NOT NULL
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
                  NULLIF(CAST("t0"."converted_date" AS TEXT), '') IS NOT NULL
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
                NULLIF(CAST("t0"."converted_date" AS TEXT), '') IS NOT NULL
              )
              OR (
                NULLIF("t0"."converted_account_id", '') IS NOT NULL
              )
            )
            THEN CASE
              WHEN (
                CAST("t0"."converted_date" AS DATE) >= CAST("t0"."created_date" - INTERVAL '12' HOUR AS DATE)
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
                  NULLIF(CAST("t0"."converted_date" AS TEXT), '') IS NOT NULL
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
      ) AS "t5"
    ) AS "t9"
    WHERE
      "t9"."place" = 0
  ) AS "t13"
    ON "t25"."deal_id" = "t13"."converted_deal_id"
)
SELECT
  *
FROM (
  SELECT
    "t7"."lead_id" AS "id",
    COALESCE("t28"."deal_facility_id", "t7"."facility_id") AS "facility_id",
    "t7"."owner_id" AS "rep_id",
    "t7"."lead_status" AS "status",
    CASE WHEN "t28"."deal_id" IS NOT NULL THEN "t28"."stage" ELSE "t7"."own_stage" END AS "stage",
    COALESCE("t28"."amount", 0) AS "amount",
    "t28"."currency",
    "t7"."entered_at" AS "created_at",
    GREATEST("t7"."changed_at", "t28"."deal_changed_at") AS "updated_at",
    COALESCE(
      CASE
        WHEN "t28"."began_at" >= "t7"."entered_at"
        THEN "t28"."began_at"
        ELSE CAST(NULL AS TIMESTAMP(6))
      END,
      "t7"."converted_at"
    ) AS "qualified_at",
    COALESCE("t28"."deal_closed_at", "t7"."given_up_at") AS "closed_at"
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
            NULLIF(CAST("t0"."converted_date" AS TEXT), '') IS NOT NULL
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
              NULLIF(CAST("t0"."converted_date" AS TEXT), '') IS NOT NULL
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
              NULLIF(CAST("t0"."converted_date" AS TEXT), '') IS NOT NULL
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
            NULLIF(CAST("t0"."converted_date" AS TEXT), '') IS NOT NULL
          )
          OR (
            NULLIF("t0"."converted_account_id", '') IS NOT NULL
          )
        )
        THEN CASE
          WHEN (
            CAST("t0"."converted_date" AS DATE) >= CAST("t0"."created_date" - INTERVAL '12' HOUR AS DATE)
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
              NULLIF(CAST("t0"."converted_date" AS TEXT), '') IS NOT NULL
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
  ) AS "t7"
  LEFT OUTER JOIN "t26" AS "t28"
    ON "t7"."lead_id" = "t28"."carrier_id"
) AS "t30"
UNION ALL
SELECT
  *
FROM (
  SELECT
    "t27"."deal_id" AS "id",
    "t27"."deal_facility_id" AS "facility_id",
    "t27"."deal_owner_id" AS "rep_id",
    "t27"."stage_name" AS "status",
    "t27"."stage",
    "t27"."amount",
    "t27"."currency",
    "t27"."deal_created_at" AS "created_at",
    "t27"."deal_changed_at" AS "updated_at",
    CAST(NULL AS TIMESTAMP(6)) AS "qualified_at",
    "t27"."deal_closed_at" AS "closed_at"
  FROM "t26" AS "t27"
  WHERE
    "t27"."carrier_id" IS NULL
) AS "t29"
