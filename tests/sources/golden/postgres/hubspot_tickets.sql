SELECT
  "t5"."id",
  "t5"."priority",
  "t5"."priority_given",
  "t5"."created_at",
  "t5"."first_response_at",
  COALESCE("t11"."company_id", 'unassigned') AS "facility_id",
  COALESCE("t5"."stage_id", 'none') AS "status",
  CASE
    WHEN COALESCE("t9"."closed", TRUE)
    THEN "t5"."closed_at"
    ELSE CAST(NULL AS TIMESTAMP(6))
  END AS "resolved_at",
  COALESCE(
    "t5"."changed_at",
    GREATEST(
      "t5"."created_at",
      "t5"."first_response_at",
      CASE
        WHEN COALESCE("t9"."closed", TRUE)
        THEN "t5"."closed_at"
        ELSE CAST(NULL AS TIMESTAMP(6))
      END
    )
  ) AS "updated_at"
FROM (
  SELECT
    CAST("t0"."id" AS VARCHAR) AS "id",
    "t0"."property_hs_pipeline_stage" AS "stage_id",
    CASE
      WHEN NULLIF(LOWER("t0"."property_hs_ticket_priority"), '') IS NULL
      THEN 'medium'
      WHEN NULLIF(LOWER("t0"."property_hs_ticket_priority"), '') = 'urgent'
      THEN 'critical'
      ELSE NULLIF(LOWER("t0"."property_hs_ticket_priority"), '')
    END AS "priority",
    NULLIF(LOWER("t0"."property_hs_ticket_priority"), '') AS "priority_given",
    "t0"."property_createdate" AS "created_at",
    "t0"."property_first_agent_reply_date" AS "first_response_at",
    "t0"."property_closed_date" AS "closed_at",
    CAST(NULL AS TIMESTAMP(6)) AS "changed_at"
  FROM "hubspot"."ticket" AS "t0"
  WHERE
    COALESCE("t0"."is_deleted", FALSE) = FALSE
) AS "t5"
LEFT OUTER JOIN (
  SELECT
    "t8"."key" AS "ticket_id",
    COALESCE("t8"."by_type", "t8"."by_label", "t8"."lowest") AS "company_id"
  FROM (
    SELECT
      "t3"."key",
      SUBSTRING(MIN(
        LPAD(
          CAST(LENGTH("t3"."company_id") AS VARCHAR),
          GREATEST(LENGTH(CAST(LENGTH("t3"."company_id") AS VARCHAR)), 3),
          '0'
        ) || "t3"."company_id"
      ) FILTER(WHERE
        "t3"."by_type") FROM CASE
        WHEN (
          3 + 1
        ) >= 1
        THEN 3 + 1
        ELSE 3 + 1 + LENGTH(
          MIN(
            LPAD(
              CAST(LENGTH("t3"."company_id") AS VARCHAR),
              GREATEST(LENGTH(CAST(LENGTH("t3"."company_id") AS VARCHAR)), 3),
              '0'
            ) || "t3"."company_id"
          ) FILTER(WHERE
            "t3"."by_type")
        )
      END) AS "by_type",
      SUBSTRING(MIN(
        LPAD(
          CAST(LENGTH("t3"."company_id") AS VARCHAR),
          GREATEST(LENGTH(CAST(LENGTH("t3"."company_id") AS VARCHAR)), 3),
          '0'
        ) || "t3"."company_id"
      ) FILTER(WHERE
        "t3"."by_label") FROM CASE
        WHEN (
          3 + 1
        ) >= 1
        THEN 3 + 1
        ELSE 3 + 1 + LENGTH(
          MIN(
            LPAD(
              CAST(LENGTH("t3"."company_id") AS VARCHAR),
              GREATEST(LENGTH(CAST(LENGTH("t3"."company_id") AS VARCHAR)), 3),
              '0'
            ) || "t3"."company_id"
          ) FILTER(WHERE
            "t3"."by_label")
        )
      END) AS "by_label",
      SUBSTRING(MIN(
        LPAD(
          CAST(LENGTH("t3"."company_id") AS VARCHAR),
          GREATEST(LENGTH(CAST(LENGTH("t3"."company_id") AS VARCHAR)), 3),
          '0'
        ) || "t3"."company_id"
      ) FROM CASE
        WHEN (
          3 + 1
        ) >= 1
        THEN 3 + 1
        ELSE 3 + 1 + LENGTH(
          MIN(
            LPAD(
              CAST(LENGTH("t3"."company_id") AS VARCHAR),
              GREATEST(LENGTH(CAST(LENGTH("t3"."company_id") AS VARCHAR)), 3),
              '0'
            ) || "t3"."company_id"
          )
        )
      END) AS "lowest"
    FROM (
      SELECT
        CAST("t2"."ticket_id" AS VARCHAR) AS "key",
        CAST("t2"."company_id" AS VARCHAR) AS "company_id",
        FALSE AS "by_type",
        COALESCE(CAST(NULL AS BOOLEAN), FALSE) AS "by_label"
      FROM "hubspot"."ticket_company" AS "t2"
    ) AS "t3"
    GROUP BY
      1
  ) AS "t8"
) AS "t11"
  ON "t5"."id" = "t11"."ticket_id"
LEFT OUTER JOIN (
  SELECT
    "t6"."stage_id",
    BOOL_OR("t6"."closed") AS "closed"
  FROM (
    SELECT
      "t1"."stage_id",
      COALESCE(
        "t1"."is_closed"
        OR (
          NULLIF(LOWER(TRIM(' 	
' FROM "t1"."ticket_state")), '') = 'closed'
        ),
        "t1"."is_closed",
        NULLIF(LOWER(TRIM(' 	
' FROM "t1"."ticket_state")), '') = 'closed'
      ) AS "closed"
    FROM "hubspot"."ticket_pipeline_stage" AS "t1"
  ) AS "t6"
  GROUP BY
    1
) AS "t9"
  ON "t5"."stage_id" = "t9"."stage_id"
