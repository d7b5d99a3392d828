WITH "t24" AS (
  SELECT
    "t11"."merged_id",
    SUBSTRING(
      MIN(
        CASE
          WHEN 3 <= LENGTH(CAST(LENGTH("t11"."into_id") AS TEXT))
          THEN CAST(LENGTH("t11"."into_id") AS TEXT)
          ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t11"."into_id") AS TEXT))) || CAST(LENGTH("t11"."into_id") AS TEXT)
        END || "t11"."into_id"
      ),
      CASE
        WHEN (
          3 + 1
        ) >= 1
        THEN 3 + 1
        ELSE 3 + 1 + LENGTH(
          MIN(
            CASE
              WHEN 3 <= LENGTH(CAST(LENGTH("t11"."into_id") AS TEXT))
              THEN CAST(LENGTH("t11"."into_id") AS TEXT)
              ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t11"."into_id") AS TEXT))) || CAST(LENGTH("t11"."into_id") AS TEXT)
            END || "t11"."into_id"
          )
        )
      END
    ) AS "deal_id"
  FROM (
    SELECT
      CAST("t7"."merged_deal_id" AS TEXT) AS "merged_id",
      CAST("t7"."deal_id" AS TEXT) AS "into_id"
    FROM "hubspot"."merged_deal" AS "t7"
  ) AS "t11"
  GROUP BY
    1
), "t35" AS (
  SELECT
    "t28"."merged_id",
    COALESCE("t32"."end_id", "t28"."deal_id") AS "deal_id"
  FROM "t24" AS "t28"
  LEFT OUTER JOIN (
    SELECT
      "t26"."merged_id" AS "via_id",
      "t26"."deal_id" AS "end_id"
    FROM "t24" AS "t26"
  ) AS "t32"
    ON "t28"."deal_id" = "t32"."via_id"
), "t42" AS (
  SELECT
    "t40"."merged_id",
    COALESCE("t41"."end_id", "t40"."deal_id") AS "deal_id"
  FROM (
    SELECT
      *
    FROM "t35" AS "t37"
    WHERE
      "t37"."merged_id" IS NOT NULL
  ) AS "t40"
  LEFT OUTER JOIN (
    SELECT
      "t37"."merged_id" AS "via_id",
      "t37"."deal_id" AS "end_id"
    FROM "t35" AS "t37"
    WHERE
      "t37"."merged_id" IS NOT NULL
  ) AS "t41"
    ON "t40"."deal_id" = "t41"."via_id"
), "t48" AS (
  SELECT
    "t46"."merged_id",
    COALESCE("t47"."end_id", "t46"."deal_id") AS "deal_id"
  FROM (
    SELECT
      *
    FROM "t42" AS "t43"
    WHERE
      "t43"."merged_id" IS NOT NULL
  ) AS "t46"
  LEFT OUTER JOIN (
    SELECT
      "t43"."merged_id" AS "via_id",
      "t43"."deal_id" AS "end_id"
    FROM "t42" AS "t43"
    WHERE
      "t43"."merged_id" IS NOT NULL
  ) AS "t47"
    ON "t46"."deal_id" = "t47"."via_id"
), "t54" AS (
  SELECT
    "t52"."merged_id",
    COALESCE("t53"."end_id", "t52"."deal_id") AS "deal_id"
  FROM (
    SELECT
      *
    FROM "t48" AS "t49"
    WHERE
      "t49"."merged_id" IS NOT NULL
  ) AS "t52"
  LEFT OUTER JOIN (
    SELECT
      "t49"."merged_id" AS "via_id",
      "t49"."deal_id" AS "end_id"
    FROM "t48" AS "t49"
    WHERE
      "t49"."merged_id" IS NOT NULL
  ) AS "t53"
    ON "t52"."deal_id" = "t53"."via_id"
)
SELECT
  "t22"."id",
  "t22"."rep_id",
  "t22"."channel",
  "t22"."message",
  "t22"."sent_at",
  "t22"."response_received",
  "t22"."responded_at",
  "t22"."converted",
  "t22"."created_at",
  "t22"."updated_at",
  "t68"."lead_id",
  COALESCE("t31"."company_id", "t36"."deal_company_id", 'unassigned') AS "facility_id"
FROM (
  SELECT
    *
  FROM (
    SELECT
      CAST("t0"."engagement_id" AS TEXT) AS "id",
      CAST(NULL AS TEXT) AS "rep_id",
      'meeting' AS "channel",
      COALESCE(CAST(NULL AS TEXT), CAST(NULL AS TEXT)) AS "message",
      COALESCE(CAST(NULL AS TIMESTAMP(6)), "t0"."start_time") AS "sent_at",
      COALESCE(
        NULLIF(COALESCE(LOWER("t0"."property_hs_meeting_outcome"), ''), ''),
        COALESCE(LOWER(CAST(NULL AS TEXT)), '')
      ) = 'completed' AS "response_received",
      CASE
        WHEN COALESCE(
          NULLIF(COALESCE(LOWER("t0"."property_hs_meeting_outcome"), ''), ''),
          COALESCE(LOWER(CAST(NULL AS TEXT)), '')
        ) = 'completed'
        THEN COALESCE(CAST(NULL AS TIMESTAMP(6)), "t0"."start_time")
        ELSE CAST(NULL AS TIMESTAMP(6))
      END AS "responded_at",
      FALSE AS "converted",
      COALESCE(
        CAST(NULL AS TIMESTAMP(6)),
        COALESCE(CAST(NULL AS TIMESTAMP(6)), "t0"."start_time")
      ) AS "created_at",
      COALESCE(
        CAST(NULL AS TIMESTAMP(6)),
        COALESCE(
          CAST(NULL AS TIMESTAMP(6)),
          COALESCE(CAST(NULL AS TIMESTAMP(6)), "t0"."start_time")
        )
      ) AS "updated_at"
    FROM "hubspot"."engagement_meeting" AS "t0"
  ) AS "t16"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        CAST("t1"."engagement_id" AS TEXT) AS "id",
        CAST("t1"."property_hubspot_owner_id" AS TEXT) AS "rep_id",
        'email' AS "channel",
        COALESCE(CAST(NULL AS TEXT), CAST(NULL AS TEXT)) AS "message",
        COALESCE("t1"."property_hs_timestamp", CAST(NULL AS TIMESTAMP(6))) AS "sent_at",
        FALSE AS "response_received",
        CASE
          WHEN FALSE
          THEN COALESCE("t1"."property_hs_timestamp", CAST(NULL AS TIMESTAMP(6)))
          ELSE CAST(NULL AS TIMESTAMP(6))
        END AS "responded_at",
        FALSE AS "converted",
        COALESCE(
          "t1"."property_hs_createdate",
          COALESCE("t1"."property_hs_timestamp", CAST(NULL AS TIMESTAMP(6)))
        ) AS "created_at",
        COALESCE(
          CAST(NULL AS TIMESTAMP(6)),
          COALESCE(
            "t1"."property_hs_createdate",
            COALESCE("t1"."property_hs_timestamp", CAST(NULL AS TIMESTAMP(6)))
          )
        ) AS "updated_at"
      FROM "hubspot"."engagement_email" AS "t1"
      WHERE
        COALESCE("t1"."_fivetran_deleted", FALSE) = FALSE
        AND NOT (
          COALESCE(
            NULLIF(COALESCE(LOWER("t1"."property_hs_email_direction"), ''), ''),
            COALESCE(LOWER(CAST(NULL AS TEXT)), '')
          ) IN ('incoming_email', 'forwarded_email')
        )
        AND NOT (
          COALESCE(LOWER("t1"."property_hs_email_status"), '') IN ('draft', 'scheduled', 'sending', 'bounced', 'failed')
        )
    ) AS "t17"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        CAST("t2"."engagement_id" AS TEXT) AS "id",
        CAST("t2"."property_hubspot_owner_id" AS TEXT) AS "rep_id",
        'phone' AS "channel",
        COALESCE(CAST(NULL AS TEXT), CAST(NULL AS TEXT)) AS "message",
        COALESCE("t2"."property_hs_timestamp", CAST(NULL AS TIMESTAMP(6))) AS "sent_at",
        COALESCE(LOWER("t2"."property_hs_call_disposition"), '') = 'f240bbac-87c9-4f6e-bf70-924b57d47db7' AS "response_received",
        CASE
          WHEN COALESCE(LOWER("t2"."property_hs_call_disposition"), '') = 'f240bbac-87c9-4f6e-bf70-924b57d47db7'
          THEN COALESCE("t2"."property_hs_timestamp", CAST(NULL AS TIMESTAMP(6)))
          ELSE CAST(NULL AS TIMESTAMP(6))
        END AS "responded_at",
        FALSE AS "converted",
        COALESCE(
          "t2"."property_hs_createdate",
          COALESCE("t2"."property_hs_timestamp", CAST(NULL AS TIMESTAMP(6)))
        ) AS "created_at",
        COALESCE(
          CAST(NULL AS TIMESTAMP(6)),
          COALESCE(
            "t2"."property_hs_createdate",
            COALESCE("t2"."property_hs_timestamp", CAST(NULL AS TIMESTAMP(6)))
          )
        ) AS "updated_at"
      FROM "hubspot"."engagement_call" AS "t2"
      WHERE
        COALESCE("t2"."_fivetran_deleted", FALSE) = FALSE
        AND NOT (
          COALESCE(LOWER("t2"."property_hs_call_direction"), '') = 'inbound'
        )
        AND NOT (
          COALESCE(LOWER(CAST(NULL AS TEXT)), '') IN ('failed', 'canceled', 'cancelled', 'queued')
        )
    ) AS "t14"
  ) AS "t20"
) AS "t22"
LEFT OUTER JOIN (
  SELECT
    "t66"."engagement_id" AS "about_id",
    SUBSTRING(
      MIN(
        CASE
          WHEN 3 <= LENGTH(CAST(LENGTH("t66"."deal_id") AS TEXT))
          THEN CAST(LENGTH("t66"."deal_id") AS TEXT)
          ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t66"."deal_id") AS TEXT))) || CAST(LENGTH("t66"."deal_id") AS TEXT)
        END || "t66"."deal_id"
      ),
      CASE
        WHEN (
          3 + 1
        ) >= 1
        THEN 3 + 1
        ELSE 3 + 1 + LENGTH(
          MIN(
            CASE
              WHEN 3 <= LENGTH(CAST(LENGTH("t66"."deal_id") AS TEXT))
              THEN CAST(LENGTH("t66"."deal_id") AS TEXT)
              ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t66"."deal_id") AS TEXT))) || CAST(LENGTH("t66"."deal_id") AS TEXT)
            END || "t66"."deal_id"
          )
        )
      END
    ) AS "lead_id"
  FROM (
    SELECT
      "t65"."engagement_id",
      "t65"."deal_id"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t12"."engagement_id",
          COALESCE("t62"."into_id", "t12"."deal_id") AS "deal_id"
        FROM (
          SELECT
            CAST("t5"."engagement_id" AS TEXT) AS "engagement_id",
            CAST("t5"."deal_id" AS TEXT) AS "deal_id"
          FROM "hubspot"."engagement_deal" AS "t5"
        ) AS "t12"
        LEFT OUTER JOIN (
          SELECT
            "t60"."merged_id",
            "t60"."deal_id" AS "into_id"
          FROM (
            SELECT
              "t58"."merged_id",
              COALESCE("t59"."end_id", "t58"."deal_id") AS "deal_id"
            FROM (
              SELECT
                *
              FROM "t54" AS "t55"
              WHERE
                "t55"."merged_id" IS NOT NULL
            ) AS "t58"
            LEFT OUTER JOIN (
              SELECT
                "t55"."merged_id" AS "via_id",
                "t55"."deal_id" AS "end_id"
              FROM "t54" AS "t55"
              WHERE
                "t55"."merged_id" IS NOT NULL
            ) AS "t59"
              ON "t58"."deal_id" = "t59"."via_id"
          ) AS "t60"
          WHERE
            "t60"."merged_id" IS NOT NULL
        ) AS "t62"
          ON "t12"."deal_id" = "t62"."merged_id"
      ) AS "t63"
      WHERE
        "t63"."deal_id" IS NOT NULL
    ) AS "t65"
    SEMI JOIN (
      SELECT
        "t19"."deal_id" AS "kept_id"
      FROM (
        SELECT
          CAST("t6"."deal_id" AS TEXT) AS "deal_id",
          NULLIF("t6"."deal_pipeline_stage_id", '') AS "own_stage_id",
          CASE
            WHEN COALESCE(CAST(NULL AS BOOLEAN), FALSE)
            THEN 'won'
            WHEN COALESCE(CAST(NULL AS BOOLEAN), FALSE)
            OR COALESCE(CAST(NULL AS BOOLEAN) AND NOT (
              CAST(NULL AS BOOLEAN)
            ), FALSE)
            THEN 'lost'
            ELSE NULL
          END AS "own_verdict",
          COALESCE(CAST("t6"."owner_id" AS TEXT), 'unassigned') AS "rep_id",
          COALESCE(
            CAST(NULLIF(NULLIF(CAST("t6"."property_amount" AS TEXT), 'nan'), 'NaN') AS DECIMAL(24, 6)),
            0
          ) AS "amount",
          NULLIF(UPPER("t6"."property_deal_currency_code"), '') AS "currency",
          "t6"."property_createdate" AS "created_at",
          "t6"."property_hs_lastmodifieddate" AS "changed_at",
          "t6"."property_closedate" AS "close_day"
        FROM "hubspot"."deal" AS "t6"
        WHERE
          COALESCE("t6"."is_deleted", FALSE) = FALSE
      ) AS "t19"
      ANTI JOIN (
        SELECT
          CAST("t7"."merged_deal_id" AS TEXT) AS "merged_id"
        FROM "hubspot"."merged_deal" AS "t7"
      ) AS "t13"
        ON "t19"."deal_id" = "t13"."merged_id"
    ) AS "t27"
      ON "t65"."deal_id" = "t27"."kept_id"
  ) AS "t66"
  GROUP BY
    1
) AS "t68"
  ON "t22"."id" = "t68"."about_id"
LEFT OUTER JOIN (
  SELECT
    "t23"."key" AS "engagement_id",
    COALESCE("t23"."by_type", "t23"."by_label", "t23"."lowest") AS "company_id"
  FROM (
    SELECT
      "t8"."key",
      SUBSTRING(
        MIN(
          CASE
            WHEN 3 <= LENGTH(CAST(LENGTH("t8"."company_id") AS TEXT))
            THEN CAST(LENGTH("t8"."company_id") AS TEXT)
            ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t8"."company_id") AS TEXT))) || CAST(LENGTH("t8"."company_id") AS TEXT)
          END || "t8"."company_id"
        ) FILTER(WHERE
          "t8"."by_type"),
        CASE
          WHEN (
            3 + 1
          ) >= 1
          THEN 3 + 1
          ELSE 3 + 1 + LENGTH(
            MIN(
              CASE
                WHEN 3 <= LENGTH(CAST(LENGTH("t8"."company_id") AS TEXT))
                THEN CAST(LENGTH("t8"."company_id") AS TEXT)
                ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t8"."company_id") AS TEXT))) || CAST(LENGTH("t8"."company_id") AS TEXT)
              END || "t8"."company_id"
            ) FILTER(WHERE
              "t8"."by_type")
          )
        END
      ) AS "by_type",
      SUBSTRING(
        MIN(
          CASE
            WHEN 3 <= LENGTH(CAST(LENGTH("t8"."company_id") AS TEXT))
            THEN CAST(LENGTH("t8"."company_id") AS TEXT)
            ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t8"."company_id") AS TEXT))) || CAST(LENGTH("t8"."company_id") AS TEXT)
          END || "t8"."company_id"
        ) FILTER(WHERE
          "t8"."by_label"),
        CASE
          WHEN (
            3 + 1
          ) >= 1
          THEN 3 + 1
          ELSE 3 + 1 + LENGTH(
            MIN(
              CASE
                WHEN 3 <= LENGTH(CAST(LENGTH("t8"."company_id") AS TEXT))
                THEN CAST(LENGTH("t8"."company_id") AS TEXT)
                ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t8"."company_id") AS TEXT))) || CAST(LENGTH("t8"."company_id") AS TEXT)
              END || "t8"."company_id"
            ) FILTER(WHERE
              "t8"."by_label")
          )
        END
      ) AS "by_label",
      SUBSTRING(
        MIN(
          CASE
            WHEN 3 <= LENGTH(CAST(LENGTH("t8"."company_id") AS TEXT))
            THEN CAST(LENGTH("t8"."company_id") AS TEXT)
            ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t8"."company_id") AS TEXT))) || CAST(LENGTH("t8"."company_id") AS TEXT)
          END || "t8"."company_id"
        ),
        CASE
          WHEN (
            3 + 1
          ) >= 1
          THEN 3 + 1
          ELSE 3 + 1 + LENGTH(
            MIN(
              CASE
                WHEN 3 <= LENGTH(CAST(LENGTH("t8"."company_id") AS TEXT))
                THEN CAST(LENGTH("t8"."company_id") AS TEXT)
                ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t8"."company_id") AS TEXT))) || CAST(LENGTH("t8"."company_id") AS TEXT)
              END || "t8"."company_id"
            )
          )
        END
      ) AS "lowest"
    FROM (
      SELECT
        CAST("t3"."engagement_id" AS TEXT) AS "key",
        CAST("t3"."company_id" AS TEXT) AS "company_id",
        FALSE AS "by_type",
        COALESCE(CAST(NULL AS BOOLEAN), FALSE) AS "by_label"
      FROM "hubspot"."engagement_company" AS "t3"
    ) AS "t8"
    GROUP BY
      1
  ) AS "t23"
) AS "t31"
  ON "t22"."id" = "t31"."engagement_id"
LEFT OUTER JOIN (
  SELECT
    "t33"."key" AS "deal_id",
    COALESCE("t33"."by_type", "t33"."by_label", "t33"."lowest") AS "deal_company_id"
  FROM (
    SELECT
      "t18"."key",
      SUBSTRING(
        MIN(
          CASE
            WHEN 3 <= LENGTH(CAST(LENGTH("t18"."company_id") AS TEXT))
            THEN CAST(LENGTH("t18"."company_id") AS TEXT)
            ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t18"."company_id") AS TEXT))) || CAST(LENGTH("t18"."company_id") AS TEXT)
          END || "t18"."company_id"
        ) FILTER(WHERE
          "t18"."by_type"),
        CASE
          WHEN (
            3 + 1
          ) >= 1
          THEN 3 + 1
          ELSE 3 + 1 + LENGTH(
            MIN(
              CASE
                WHEN 3 <= LENGTH(CAST(LENGTH("t18"."company_id") AS TEXT))
                THEN CAST(LENGTH("t18"."company_id") AS TEXT)
                ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t18"."company_id") AS TEXT))) || CAST(LENGTH("t18"."company_id") AS TEXT)
              END || "t18"."company_id"
            ) FILTER(WHERE
              "t18"."by_type")
          )
        END
      ) AS "by_type",
      SUBSTRING(
        MIN(
          CASE
            WHEN 3 <= LENGTH(CAST(LENGTH("t18"."company_id") AS TEXT))
            THEN CAST(LENGTH("t18"."company_id") AS TEXT)
            ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t18"."company_id") AS TEXT))) || CAST(LENGTH("t18"."company_id") AS TEXT)
          END || "t18"."company_id"
        ) FILTER(WHERE
          "t18"."by_label"),
        CASE
          WHEN (
            3 + 1
          ) >= 1
          THEN 3 + 1
          ELSE 3 + 1 + LENGTH(
            MIN(
              CASE
                WHEN 3 <= LENGTH(CAST(LENGTH("t18"."company_id") AS TEXT))
                THEN CAST(LENGTH("t18"."company_id") AS TEXT)
                ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t18"."company_id") AS TEXT))) || CAST(LENGTH("t18"."company_id") AS TEXT)
              END || "t18"."company_id"
            ) FILTER(WHERE
              "t18"."by_label")
          )
        END
      ) AS "by_label",
      SUBSTRING(
        MIN(
          CASE
            WHEN 3 <= LENGTH(CAST(LENGTH("t18"."company_id") AS TEXT))
            THEN CAST(LENGTH("t18"."company_id") AS TEXT)
            ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t18"."company_id") AS TEXT))) || CAST(LENGTH("t18"."company_id") AS TEXT)
          END || "t18"."company_id"
        ),
        CASE
          WHEN (
            3 + 1
          ) >= 1
          THEN 3 + 1
          ELSE 3 + 1 + LENGTH(
            MIN(
              CASE
                WHEN 3 <= LENGTH(CAST(LENGTH("t18"."company_id") AS TEXT))
                THEN CAST(LENGTH("t18"."company_id") AS TEXT)
                ELSE REPEAT('0', 3 - LENGTH(CAST(LENGTH("t18"."company_id") AS TEXT))) || CAST(LENGTH("t18"."company_id") AS TEXT)
              END || "t18"."company_id"
            )
          )
        END
      ) AS "lowest"
    FROM (
      SELECT
        CAST("t4"."deal_id" AS TEXT) AS "key",
        CAST("t4"."company_id" AS TEXT) AS "company_id",
        (
          NOT (
            COALESCE(LOWER("t4"."category"), '') IN ('user_defined', 'integrator_defined')
          )
          AND COALESCE(LOWER(CAST("t4"."type_id" AS TEXT)), '') IN ('5', '6', 'deal_to_company')
        )
        OR FALSE AS "by_type",
        COALESCE(LOWER("t4"."category_label"), '') IN (
          'primary',
          'primary company',
          'deal with primary company',
          'ticket with primary company',
          'contact with primary company'
        )
        OR COALESCE(CAST(NULL AS BOOLEAN), FALSE) AS "by_label"
      FROM "hubspot"."deal_company" AS "t4"
    ) AS "t18"
    GROUP BY
      1
  ) AS "t33"
) AS "t36"
  ON "t68"."lead_id" = "t36"."deal_id"
