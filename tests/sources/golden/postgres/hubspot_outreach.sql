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
  "t32"."lead_id",
  COALESCE("t26"."company_id", "t29"."deal_company_id", 'unassigned') AS "facility_id"
FROM (
  SELECT
    *
  FROM (
    SELECT
      CAST("t0"."engagement_id" AS VARCHAR) AS "id",
      CAST(NULL AS VARCHAR) AS "rep_id",
      'meeting' AS "channel",
      COALESCE(CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR)) AS "message",
      COALESCE(CAST(NULL AS TIMESTAMP(6)), "t0"."start_time") AS "sent_at",
      COALESCE(LOWER("t0"."property_hs_meeting_outcome"), '') = 'completed' AS "response_received",
      CASE
        WHEN COALESCE(LOWER("t0"."property_hs_meeting_outcome"), '') = 'completed'
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
  ) AS "t14"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        CAST("t1"."engagement_id" AS VARCHAR) AS "id",
        CAST("t1"."property_hubspot_owner_id" AS VARCHAR) AS "rep_id",
        'email' AS "channel",
        COALESCE(CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR)) AS "message",
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
        AND COALESCE(LOWER("t1"."property_hs_email_direction"), '') <> 'incoming_email'
    ) AS "t13"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        CAST("t2"."engagement_id" AS VARCHAR) AS "id",
        CAST("t2"."property_hubspot_owner_id" AS VARCHAR) AS "rep_id",
        'phone' AS "channel",
        COALESCE(CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR)) AS "message",
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
        AND COALESCE(LOWER("t2"."property_hs_call_direction"), '') <> 'inbound'
    ) AS "t15"
  ) AS "t18"
) AS "t22"
LEFT OUTER JOIN (
  SELECT
    "t30"."engagement_id" AS "about_id",
    MIN("t30"."deal_id") AS "lead_id"
  FROM (
    SELECT
      "t10"."engagement_id",
      "t10"."deal_id"
    FROM (
      SELECT
        CAST("t5"."engagement_id" AS VARCHAR) AS "engagement_id",
        CAST("t5"."deal_id" AS VARCHAR) AS "deal_id"
      FROM "hubspot"."engagement_deal" AS "t5"
    ) AS "t10"
    WHERE
      EXISTS(
        SELECT
          1
        FROM (
          SELECT
            "t19"."deal_id" AS "kept_id"
          FROM (
            SELECT
              CAST("t6"."deal_id" AS VARCHAR) AS "deal_id",
              NULLIF("t6"."deal_pipeline_stage_id", '') AS "own_stage_id",
              COALESCE(CAST("t6"."owner_id" AS VARCHAR), 'unassigned') AS "rep_id",
              COALESCE(CAST(NULLIF(CAST("t6"."property_amount" AS VARCHAR), '') AS DECIMAL(24, 6)), 0) AS "amount",
              "t6"."property_createdate" AS "created_at",
              CAST(NULL AS TIMESTAMP(6)) AS "changed_at",
              "t6"."property_closedate" AS "close_day"
            FROM "hubspot"."deal" AS "t6"
            WHERE
              COALESCE("t6"."is_deleted", FALSE) = FALSE
          ) AS "t19"
          WHERE
            NOT EXISTS(
              SELECT
                1
              FROM (
                SELECT
                  CAST("t7"."merged_deal_id" AS VARCHAR) AS "merged_id"
                FROM "hubspot"."merged_deal" AS "t7"
              ) AS "t11"
              WHERE
                "t19"."deal_id" = "t11"."merged_id"
            )
        ) AS "t28"
        WHERE
          "t10"."deal_id" = "t28"."kept_id"
      )
  ) AS "t30"
  GROUP BY
    1
) AS "t32"
  ON "t22"."id" = "t32"."about_id"
LEFT OUTER JOIN (
  SELECT
    "t20"."key" AS "engagement_id",
    COALESCE("t20"."chosen", "t20"."lowest") AS "company_id"
  FROM (
    SELECT
      "t12"."key",
      MIN("t12"."company_id") FILTER(WHERE
        "t12"."primary") AS "chosen",
      MIN("t12"."company_id") AS "lowest"
    FROM (
      SELECT
        CAST("t3"."engagement_id" AS VARCHAR) AS "key",
        CAST("t3"."company_id" AS VARCHAR) AS "company_id",
        FALSE OR (
          COALESCE(LOWER(CAST(NULL AS VARCHAR)), '') = 'primary'
        ) AS "primary"
      FROM "hubspot"."engagement_company" AS "t3"
    ) AS "t12"
    GROUP BY
      1
  ) AS "t20"
) AS "t26"
  ON "t22"."id" = "t26"."engagement_id"
LEFT OUTER JOIN (
  SELECT
    "t23"."key" AS "deal_id",
    COALESCE("t23"."chosen", "t23"."lowest") AS "deal_company_id"
  FROM (
    SELECT
      "t16"."key",
      MIN("t16"."company_id") FILTER(WHERE
        "t16"."primary") AS "chosen",
      MIN("t16"."company_id") AS "lowest"
    FROM (
      SELECT
        CAST("t4"."deal_id" AS VARCHAR) AS "key",
        CAST("t4"."company_id" AS VARCHAR) AS "company_id",
        FALSE OR (
          COALESCE(LOWER("t4"."category_label"), '') = 'primary'
        ) AS "primary"
      FROM "hubspot"."deal_company" AS "t4"
    ) AS "t16"
    GROUP BY
      1
  ) AS "t23"
) AS "t29"
  ON "t32"."lead_id" = "t29"."deal_id"
