SELECT
  "t4"."ticket_id" AS "id",
  COALESCE("t11"."company_id", 'unassigned') AS "facility_id",
  CASE
    WHEN NULLIF(LOWER("t4"."property_hs_ticket_priority"), '') IS NULL
    THEN 'medium'
    WHEN NULLIF(LOWER("t4"."property_hs_ticket_priority"), '') = 'urgent'
    THEN 'critical'
    ELSE NULLIF(LOWER("t4"."property_hs_ticket_priority"), '')
  END AS "priority",
  NULLIF(LOWER("t4"."property_hs_ticket_priority"), '') AS "priority_given",
  COALESCE("t4"."stage_id", 'none') AS "status",
  "t4"."property_createdate" AS "created_at",
  "t4"."property_first_agent_reply_date" AS "first_response_at",
  CASE
    WHEN COALESCE("t9"."closed", TRUE)
    THEN "t4"."property_closed_date"
    ELSE CAST(NULL AS TIMESTAMP(6))
  END AS "resolved_at",
  COALESCE(
    CAST(NULL AS TIMESTAMP(6)),
    GREATEST(
      "t4"."property_createdate",
      "t4"."property_first_agent_reply_date",
      CASE
        WHEN COALESCE("t9"."closed", TRUE)
        THEN "t4"."property_closed_date"
        ELSE CAST(NULL AS TIMESTAMP(6))
      END
    )
  ) AS "updated_at"
FROM (
  SELECT
    "t0"."id",
    "t0"."is_deleted",
    "t0"."property_hs_pipeline_stage",
    "t0"."property_hs_ticket_priority",
    "t0"."property_createdate",
    "t0"."property_first_agent_reply_date",
    "t0"."property_closed_date",
    CAST("t0"."id" AS VARCHAR) AS "ticket_id",
    "t0"."property_hs_pipeline_stage" AS "stage_id"
  FROM "hubspot"."ticket" AS "t0"
  WHERE
    COALESCE("t0"."is_deleted", FALSE) = FALSE
) AS "t4"
LEFT OUTER JOIN (
  SELECT
    "t7"."key" AS "ticket_id",
    COALESCE("t7"."chosen", "t7"."lowest") AS "company_id"
  FROM (
    SELECT
      "t5"."key",
      MIN("t5"."company_id") FILTER(WHERE
        "t5"."primary") AS "chosen",
      MIN("t5"."company_id") AS "lowest"
    FROM (
      SELECT
        CAST("t2"."ticket_id" AS VARCHAR) AS "key",
        CAST("t2"."company_id" AS VARCHAR) AS "company_id",
        FALSE OR (
          COALESCE(LOWER(CAST(NULL AS VARCHAR)), '') = 'primary'
        ) AS "primary"
      FROM "hubspot"."ticket_company" AS "t2"
    ) AS "t5"
    GROUP BY
      1
  ) AS "t7"
) AS "t11"
  ON "t4"."ticket_id" = "t11"."ticket_id"
LEFT OUTER JOIN (
  SELECT
    "t6"."stage_id",
    BOOL_OR("t6"."closed") AS "closed"
  FROM (
    SELECT
      "t1"."stage_id",
      COALESCE("t1"."is_closed", FALSE)
      OR (
        COALESCE(LOWER("t1"."ticket_state"), '') = 'closed'
      ) AS "closed"
    FROM "hubspot"."ticket_pipeline_stage" AS "t1"
  ) AS "t6"
  GROUP BY
    1
) AS "t9"
  ON "t4"."stage_id" = "t9"."stage_id"
