WITH "t16" AS (
  SELECT
    *
  FROM (
    SELECT
      "t3"."id",
      CAST(NULL AS TIMESTAMP(6)) AS "at",
      COALESCE(
        "t3"."is_closed",
        CASE
          WHEN "t3"."is_won"
          THEN 'won'
          WHEN NOT (
            "t3"."is_won"
          ) AND "t3"."is_closed"
          THEN 'lost'
          WHEN NOT (
            "t3"."is_closed"
          )
          THEN 'opportunity'
          WHEN (
            "t3"."is_won" IS NULL
          )
          AND (
            (
              COALESCE(LOWER("t3"."stage_name"), '') = 'closed won'
            )
            OR (
              COALESCE(
                NULLIF(COALESCE(LOWER(CAST(NULL AS TEXT)), ''), ''),
                COALESCE(LOWER(CAST(NULL AS TEXT)), '')
              ) = 'closed'
            )
          )
          THEN 'won'
          WHEN COALESCE(LOWER("t3"."stage_name"), '') = 'closed lost'
          THEN 'lost'
          WHEN "t3"."is_closed"
          AND (
            CAST(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6)) = 100
          )
          THEN 'won'
          WHEN "t3"."is_closed"
          AND (
            CAST(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6)) = 0
          )
          THEN 'lost'
          WHEN "t3"."is_closed"
          THEN CAST(NULL AS TEXT)
          WHEN COALESCE(LOWER("t3"."stage_name"), '') IN (
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
          "t3"."is_closed",
          CASE
            WHEN "t3"."is_won"
            THEN 'won'
            WHEN NOT (
              "t3"."is_won"
            ) AND "t3"."is_closed"
            THEN 'lost'
            WHEN NOT (
              "t3"."is_closed"
            )
            THEN 'opportunity'
            WHEN (
              "t3"."is_won" IS NULL
            )
            AND (
              (
                COALESCE(LOWER("t3"."stage_name"), '') = 'closed won'
              )
              OR (
                COALESCE(
                  NULLIF(COALESCE(LOWER(CAST(NULL AS TEXT)), ''), ''),
                  COALESCE(LOWER(CAST(NULL AS TEXT)), '')
                ) = 'closed'
              )
            )
            THEN 'won'
            WHEN COALESCE(LOWER("t3"."stage_name"), '') = 'closed lost'
            THEN 'lost'
            WHEN "t3"."is_closed"
            AND (
              CAST(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6)) = 100
            )
            THEN 'won'
            WHEN "t3"."is_closed"
            AND (
              CAST(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6)) = 0
            )
            THEN 'lost'
            WHEN "t3"."is_closed"
            THEN CAST(NULL AS TEXT)
            WHEN COALESCE(LOWER("t3"."stage_name"), '') IN (
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
          WHEN "t3"."is_won"
          THEN 'won'
          WHEN NOT (
            "t3"."is_won"
          ) AND "t3"."is_closed"
          THEN 'lost'
          WHEN NOT (
            "t3"."is_closed"
          )
          THEN 'opportunity'
          WHEN (
            "t3"."is_won" IS NULL
          )
          AND (
            (
              COALESCE(LOWER("t3"."stage_name"), '') = 'closed won'
            )
            OR (
              COALESCE(
                NULLIF(COALESCE(LOWER(CAST(NULL AS TEXT)), ''), ''),
                COALESCE(LOWER(CAST(NULL AS TEXT)), '')
              ) = 'closed'
            )
          )
          THEN 'won'
          WHEN COALESCE(LOWER("t3"."stage_name"), '') = 'closed lost'
          THEN 'lost'
          WHEN "t3"."is_closed"
          AND (
            CAST(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6)) = 100
          )
          THEN 'won'
          WHEN "t3"."is_closed"
          AND (
            CAST(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6)) = 0
          )
          THEN 'lost'
          WHEN "t3"."is_closed"
          THEN CAST(NULL AS TEXT)
          WHEN COALESCE(LOWER("t3"."stage_name"), '') IN (
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
    FROM "salesforce"."opportunity" AS "t3"
  ) AS "t11"
  WHERE
    "t11"."holds" IS NOT NULL
)
SELECT
  "t15"."activity_id" AS "id",
  COALESCE(
    COALESCE("t15"."account_id", "t33"."deal_facility_id", "t10"."facility_id"),
    'unassigned'
  ) AS "facility_id",
  COALESCE("t10"."lead_id", "t33"."carrier_id", "t33"."deal_id") AS "lead_id",
  "t15"."rep_id",
  "t15"."channel",
  "t15"."message",
  "t15"."sent_at",
  FALSE AS "response_received",
  CAST(NULL AS TIMESTAMP(6)) AS "responded_at",
  FALSE AS "converted",
  "t15"."activity_created_at" AS "created_at",
  COALESCE("t15"."activity_changed_at", "t15"."activity_created_at") AS "updated_at"
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t5"."id" AS "activity_id",
      "t5"."account_id",
      "t5"."what_id",
      "t5"."who_id",
      "t5"."owner_id" AS "rep_id",
      LOWER(COALESCE("t5"."task_subtype", "t5"."type", 'task')) AS "channel",
      "t5"."description" AS "message",
      CASE
        WHEN "t5"."was_done"
        THEN COALESCE(
          "t5"."completed_date_time",
          CAST(CAST(CAST("t5"."activity_date" AS DATE) AS TIMESTAMP) AS TIMESTAMP(6)),
          "t5"."created_date"
        )
        ELSE CAST(NULL AS TIMESTAMP(6))
      END AS "sent_at",
      "t5"."created_date" AS "activity_created_at",
      "t5"."last_modified_date" AS "activity_changed_at"
    FROM (
      SELECT
        "t2"."id",
        "t2"."account_id",
        "t2"."what_id",
        "t2"."who_id",
        "t2"."owner_id",
        "t2"."task_subtype",
        "t2"."type",
        "t2"."description",
        "t2"."is_closed",
        "t2"."is_deleted",
        "t2"."activity_date",
        "t2"."completed_date_time",
        "t2"."created_date",
        "t2"."last_modified_date",
        COALESCE(
          "t2"."is_closed",
          CASE
            WHEN COALESCE(LOWER(CAST(NULL AS TEXT)), '') IN ('completed')
            OR (
              "t2"."completed_date_time" IS NOT NULL
            )
            THEN TRUE
            WHEN COALESCE(LOWER(CAST(NULL AS TEXT)), '') IN ('not started', 'in progress', 'waiting on someone else', 'deferred')
            THEN FALSE
            ELSE NULL
          END
        ) AS "was_done"
      FROM "salesforce"."task" AS "t2"
      WHERE
        COALESCE("t2"."is_deleted", FALSE) = FALSE
    ) AS "t5"
    WHERE
      (
        "t5"."was_done" IS NULL
      ) OR "t5"."was_done"
  ) AS "t12"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t0"."id" AS "activity_id",
      "t0"."account_id",
      "t0"."what_id",
      "t0"."who_id",
      "t0"."owner_id" AS "rep_id",
      'meeting' AS "channel",
      "t0"."description" AS "message",
      COALESCE("t0"."start_date_time", CAST(NULL AS TIMESTAMP(6)), "t0"."created_date") AS "sent_at",
      "t0"."created_date" AS "activity_created_at",
      "t0"."last_modified_date" AS "activity_changed_at"
    FROM "salesforce"."event" AS "t0"
    WHERE
      COALESCE("t0"."is_deleted", FALSE) = FALSE
      AND NOT (
        COALESCE("t0"."is_child", FALSE)
      )
  ) AS "t4"
) AS "t15"
LEFT OUTER JOIN (
  SELECT
    "t31"."deal_id",
    "t19"."carrier_id",
    "t31"."deal_facility_id",
    "t31"."deal_owner_id",
    "t31"."stage_name",
    "t31"."stage",
    "t31"."amount",
    "t31"."currency",
    "t31"."deal_created_at",
    COALESCE(
      "t31"."changed_at",
      GREATEST(
        "t31"."deal_created_at",
        CASE
          WHEN "t31"."stage" <> 'opportunity'
          THEN COALESCE(
            CASE WHEN "t31"."was_other" THEN "t31"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
            "t31"."close_day"
          )
          ELSE CAST(NULL AS TIMESTAMP(6))
        END
      )
    ) AS "deal_changed_at",
    CASE
      WHEN "t31"."stage" <> 'opportunity'
      THEN COALESCE(
        CASE WHEN "t31"."was_other" THEN "t31"."since" ELSE CAST(NULL AS TIMESTAMP(6)) END,
        "t31"."close_day"
      )
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "deal_closed_at",
    CASE
      WHEN "t31"."landed_at" < (
        "t31"."deal_created_at" + INTERVAL '1' DAY
      )
      THEN "t31"."began_at"
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "began_at"
  FROM (
    SELECT
      "t29".*
      EXCLUDE ("id")
    FROM (
      SELECT
        "t28"."deal_id",
        "t28"."deal_facility_id",
        "t28"."deal_owner_id",
        "t28"."stage_name",
        "t28"."stage",
        "t28"."amount",
        "t28"."currency",
        "t28"."deal_created_at",
        "t28"."changed_at",
        "t28"."close_day",
        "t28"."since",
        "t28"."was_other",
        "t21"."id",
        "t21"."landed_at",
        "t21"."began_at"
      FROM (
        SELECT
          "t26".*
          EXCLUDE ("id")
        FROM (
          SELECT
            "t9"."deal_id",
            "t9"."deal_facility_id",
            "t9"."deal_owner_id",
            "t9"."stage_name",
            "t9"."stage",
            "t9"."amount",
            "t9"."currency",
            "t9"."deal_created_at",
            "t9"."changed_at",
            "t9"."close_day",
            "t25"."id",
            "t25"."since",
            "t25"."was_other"
          FROM (
            SELECT
              "t3"."id" AS "deal_id",
              COALESCE("t3"."account_id", 'unassigned') AS "deal_facility_id",
              COALESCE("t3"."owner_id", 'unassigned') AS "deal_owner_id",
              COALESCE("t3"."stage_name", 'none') AS "stage_name",
              CASE
                WHEN "t3"."is_won"
                THEN 'won'
                WHEN NOT (
                  "t3"."is_won"
                ) AND "t3"."is_closed"
                THEN 'lost'
                WHEN NOT (
                  "t3"."is_closed"
                )
                THEN 'opportunity'
                WHEN (
                  "t3"."is_won" IS NULL
                )
                AND (
                  (
                    COALESCE(LOWER("t3"."stage_name"), '') = 'closed won'
                  )
                  OR (
                    COALESCE(
                      NULLIF(COALESCE(LOWER(CAST(NULL AS TEXT)), ''), ''),
                      COALESCE(LOWER(CAST(NULL AS TEXT)), '')
                    ) = 'closed'
                  )
                )
                THEN 'won'
                WHEN COALESCE(LOWER("t3"."stage_name"), '') = 'closed lost'
                THEN 'lost'
                WHEN "t3"."is_closed"
                AND (
                  CAST(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6)) = 100
                )
                THEN 'won'
                WHEN "t3"."is_closed"
                AND (
                  CAST(NULLIF(NULLIF(CAST("t3"."probability" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6)) = 0
                )
                THEN 'lost'
                WHEN "t3"."is_closed"
                THEN CAST(NULL AS TEXT)
                WHEN COALESCE(LOWER("t3"."stage_name"), '') IN (
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
                CAST(NULLIF(NULLIF(CAST("t3"."amount" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6)),
                0
              ) AS "amount",
              NULLIF(UPPER("t3"."currency_iso_code"), '') AS "currency",
              "t3"."created_date" AS "deal_created_at",
              "t3"."last_modified_date" AS "changed_at",
              CASE
                WHEN (
                  CAST("t3"."close_date" AS DATE) >= CAST("t3"."created_date" - INTERVAL '12' HOUR AS DATE)
                )
                AND (
                  CAST(CAST(CAST("t3"."close_date" AS DATE) AS TIMESTAMP) AS TIMESTAMP(6)) < "t3"."created_date"
                )
                THEN "t3"."created_date"
                ELSE CAST(CAST(CAST("t3"."close_date" AS DATE) AS TIMESTAMP) AS TIMESTAMP(6))
              END AS "close_day"
            FROM "salesforce"."opportunity" AS "t3"
            WHERE
              COALESCE("t3"."is_deleted", FALSE) = FALSE
          ) AS "t9"
          LEFT OUTER JOIN (
            SELECT
              "t23"."id",
              MIN("t23"."at") AS "since",
              BOOL_OR(CAST("t23"."last_other" IS NOT NULL AS BOOLEAN)) AS "was_other"
            FROM (
              SELECT
                *
              FROM (
                SELECT
                  "t17"."id",
                  "t17"."at",
                  "t17"."holds",
                  "t17"."counts",
                  MAX(
                    CASE
                      WHEN NOT (
                        "t17"."holds"
                      )
                      THEN "t17"."at"
                      ELSE CAST(NULL AS TIMESTAMP(6))
                    END
                  ) OVER (PARTITION BY "t17"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
                FROM "t16" AS "t17"
              ) AS "t22"
              WHERE
                "t22"."holds"
                AND (
                  (
                    "t22"."last_other" IS NULL
                  ) OR (
                    "t22"."at" >= "t22"."last_other"
                  )
                )
            ) AS "t23"
            GROUP BY
              1
          ) AS "t25"
            ON "t9"."deal_id" = "t25"."id"
        ) AS "t26"
      ) AS "t28"
      LEFT OUTER JOIN (
        SELECT
          "t17"."id",
          MIN("t17"."at") AS "landed_at",
          MIN("t17"."at") FILTER(WHERE
            "t17"."counts") AS "began_at"
        FROM "t16" AS "t17"
        GROUP BY
          1
      ) AS "t21"
        ON "t28"."deal_id" = "t21"."id"
    ) AS "t29"
  ) AS "t31"
  LEFT OUTER JOIN (
    SELECT
      "t14"."converted_deal_id",
      "t14"."lead_id" AS "carrier_id"
    FROM (
      SELECT
        "t8"."lead_id",
        "t8"."facility_id",
        "t8"."owner_id",
        "t8"."lead_status",
        "t8"."own_stage",
        "t8"."converted_deal_id",
        "t8"."entered_at",
        "t8"."changed_at",
        "t8"."converted_at",
        "t8"."given_up_at",
        ROW_NUMBER() OVER (
          PARTITION BY "t8"."converted_deal_id"
          ORDER BY "t8"."entered_at" ASC, LOWER("t8"."lead_id") ASC, "t8"."lead_id" ASC
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) - 1 AS "place"
      FROM (
        SELECT
          "t1"."id" AS "lead_id",
          COALESCE("t1"."converted_account_id", 'unassigned') AS "facility_id",
          COALESCE("t1"."owner_id", 'unassigned') AS "owner_id",
          COALESCE("t1"."status", 'none') AS "lead_status",
          CASE
            WHEN COALESCE(
              "t1"."is_converted",
              CASE
                WHEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
                THEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
                ELSE CAST(NULL AS BOOLEAN)
              END,
              (
                NULLIF(CAST("t1"."converted_date" AS TEXT), '') IS NOT NULL
              )
              OR (
                NULLIF("t1"."converted_account_id", '') IS NOT NULL
              )
            )
            OR COALESCE("t1"."status" IN ('Qualified'), FALSE)
            THEN 'sql'
            WHEN NOT (
              COALESCE(
                "t1"."is_converted",
                CASE
                  WHEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
                  THEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
                  ELSE CAST(NULL AS BOOLEAN)
                END,
                (
                  NULLIF(CAST("t1"."converted_date" AS TEXT), '') IS NOT NULL
                )
                OR (
                  NULLIF("t1"."converted_account_id", '') IS NOT NULL
                )
              )
            )
            AND "t1"."status" IN ('Closed - Not Converted', 'Unqualified', 'Disqualified')
            THEN 'lost'
            WHEN NOT (
              COALESCE(
                "t1"."is_converted",
                CASE
                  WHEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
                  THEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
                  ELSE CAST(NULL AS BOOLEAN)
                END,
                (
                  NULLIF(CAST("t1"."converted_date" AS TEXT), '') IS NOT NULL
                )
                OR (
                  NULLIF("t1"."converted_account_id", '') IS NOT NULL
                )
              )
            )
            THEN 'lead'
            ELSE NULL
          END AS "own_stage",
          "t1"."converted_opportunity_id" AS "converted_deal_id",
          "t1"."created_date" AS "entered_at",
          COALESCE("t1"."last_modified_date", "t1"."created_date") AS "changed_at",
          CASE
            WHEN COALESCE(
              "t1"."is_converted",
              CASE
                WHEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
                THEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
                ELSE CAST(NULL AS BOOLEAN)
              END,
              (
                NULLIF(CAST("t1"."converted_date" AS TEXT), '') IS NOT NULL
              )
              OR (
                NULLIF("t1"."converted_account_id", '') IS NOT NULL
              )
            )
            THEN CASE
              WHEN (
                CAST("t1"."converted_date" AS DATE) >= CAST("t1"."created_date" - INTERVAL '12' HOUR AS DATE)
              )
              AND (
                CAST(CAST(CAST("t1"."converted_date" AS DATE) AS TIMESTAMP) AS TIMESTAMP(6)) < "t1"."created_date"
              )
              THEN "t1"."created_date"
              ELSE CAST(CAST(CAST("t1"."converted_date" AS DATE) AS TIMESTAMP) AS TIMESTAMP(6))
            END
            ELSE CAST(NULL AS TIMESTAMP(6))
          END AS "converted_at",
          CASE
            WHEN NOT (
              COALESCE(
                "t1"."is_converted",
                CASE
                  WHEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
                  THEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
                  ELSE CAST(NULL AS BOOLEAN)
                END,
                (
                  NULLIF(CAST("t1"."converted_date" AS TEXT), '') IS NOT NULL
                )
                OR (
                  NULLIF("t1"."converted_account_id", '') IS NOT NULL
                )
              )
            )
            AND "t1"."status" IN ('Closed - Not Converted', 'Unqualified', 'Disqualified')
            THEN COALESCE("t1"."last_modified_date", "t1"."created_date")
            ELSE CAST(NULL AS TIMESTAMP(6))
          END AS "given_up_at"
        FROM "salesforce"."lead" AS "t1"
        WHERE
          COALESCE("t1"."is_deleted", FALSE) = FALSE
          AND NULLIF("t1"."master_record_id", '') IS NULL
          AND "t1"."converted_opportunity_id" IS NOT NULL
      ) AS "t8"
    ) AS "t14"
    WHERE
      "t14"."place" = 0
  ) AS "t19"
    ON "t31"."deal_id" = "t19"."converted_deal_id"
) AS "t33"
  ON "t15"."what_id" = "t33"."deal_id"
LEFT OUTER JOIN (
  SELECT
    "t1"."id" AS "lead_id",
    COALESCE("t1"."converted_account_id", 'unassigned') AS "facility_id",
    COALESCE("t1"."owner_id", 'unassigned') AS "owner_id",
    COALESCE("t1"."status", 'none') AS "lead_status",
    CASE
      WHEN COALESCE(
        "t1"."is_converted",
        CASE
          WHEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
          THEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
          ELSE CAST(NULL AS BOOLEAN)
        END,
        (
          NULLIF(CAST("t1"."converted_date" AS TEXT), '') IS NOT NULL
        )
        OR (
          NULLIF("t1"."converted_account_id", '') IS NOT NULL
        )
      )
      OR COALESCE("t1"."status" IN ('Qualified'), FALSE)
      THEN 'sql'
      WHEN NOT (
        COALESCE(
          "t1"."is_converted",
          CASE
            WHEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
            THEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
            ELSE CAST(NULL AS BOOLEAN)
          END,
          (
            NULLIF(CAST("t1"."converted_date" AS TEXT), '') IS NOT NULL
          )
          OR (
            NULLIF("t1"."converted_account_id", '') IS NOT NULL
          )
        )
      )
      AND "t1"."status" IN ('Closed - Not Converted', 'Unqualified', 'Disqualified')
      THEN 'lost'
      WHEN NOT (
        COALESCE(
          "t1"."is_converted",
          CASE
            WHEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
            THEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
            ELSE CAST(NULL AS BOOLEAN)
          END,
          (
            NULLIF(CAST("t1"."converted_date" AS TEXT), '') IS NOT NULL
          )
          OR (
            NULLIF("t1"."converted_account_id", '') IS NOT NULL
          )
        )
      )
      THEN 'lead'
      ELSE NULL
    END AS "own_stage",
    "t1"."converted_opportunity_id" AS "converted_deal_id",
    "t1"."created_date" AS "entered_at",
    COALESCE("t1"."last_modified_date", "t1"."created_date") AS "changed_at",
    CASE
      WHEN COALESCE(
        "t1"."is_converted",
        CASE
          WHEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
          THEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
          ELSE CAST(NULL AS BOOLEAN)
        END,
        (
          NULLIF(CAST("t1"."converted_date" AS TEXT), '') IS NOT NULL
        )
        OR (
          NULLIF("t1"."converted_account_id", '') IS NOT NULL
        )
      )
      THEN CASE
        WHEN (
          CAST("t1"."converted_date" AS DATE) >= CAST("t1"."created_date" - INTERVAL '12' HOUR AS DATE)
        )
        AND (
          CAST(CAST(CAST("t1"."converted_date" AS DATE) AS TIMESTAMP) AS TIMESTAMP(6)) < "t1"."created_date"
        )
        THEN "t1"."created_date"
        ELSE CAST(CAST(CAST("t1"."converted_date" AS DATE) AS TIMESTAMP) AS TIMESTAMP(6))
      END
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "converted_at",
    CASE
      WHEN NOT (
        COALESCE(
          "t1"."is_converted",
          CASE
            WHEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
            THEN COALESCE(LOWER("t1"."status"), '') = 'closed - converted'
            ELSE CAST(NULL AS BOOLEAN)
          END,
          (
            NULLIF(CAST("t1"."converted_date" AS TEXT), '') IS NOT NULL
          )
          OR (
            NULLIF("t1"."converted_account_id", '') IS NOT NULL
          )
        )
      )
      AND "t1"."status" IN ('Closed - Not Converted', 'Unqualified', 'Disqualified')
      THEN COALESCE("t1"."last_modified_date", "t1"."created_date")
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "given_up_at"
  FROM "salesforce"."lead" AS "t1"
  WHERE
    COALESCE("t1"."is_deleted", FALSE) = FALSE
    AND NULLIF("t1"."master_record_id", '') IS NULL
) AS "t10"
  ON "t15"."who_id" = "t10"."lead_id"
