SELECT
  "t6"."id",
  "t6"."priority",
  "t6"."priority_given",
  "t6"."created_at",
  "t6"."first_response_at",
  COALESCE("t11"."company_id", 'unassigned') AS "facility_id",
  COALESCE("t6"."stage_id", 'none') AS "status",
  CASE
    WHEN COALESCE("t9"."closed", TRUE)
    THEN "t6"."closed_at"
    ELSE CAST(NULL AS TIMESTAMP(6))
  END AS "resolved_at",
  COALESCE(
    "t6"."changed_at",
    GREATEST(
      "t6"."created_at",
      "t6"."first_response_at",
      CASE
        WHEN COALESCE("t9"."closed", TRUE)
        THEN "t6"."closed_at"
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
) AS "t6"
LEFT OUTER JOIN (
  SELECT
    "t7"."key" AS "ticket_id",
    COALESCE("t7"."chosen", "t7"."lowest") AS "company_id"
  FROM (
    SELECT
      "t3"."key",
      MIN("t3"."company_id") FILTER(WHERE
        "t3"."primary") AS "chosen",
      MIN("t3"."company_id") AS "lowest"
    FROM (
      SELECT
        CAST("t2"."ticket_id" AS VARCHAR) AS "key",
        CAST("t2"."company_id" AS VARCHAR) AS "company_id",
        FALSE OR (
          COALESCE(LOWER(CAST(NULL AS VARCHAR)), '') = 'primary'
        ) AS "primary"
      FROM "hubspot"."ticket_company" AS "t2"
    ) AS "t3"
    GROUP BY
      1
  ) AS "t7"
) AS "t11"
  ON "t6"."id" = "t11"."ticket_id"
LEFT OUTER JOIN (
  SELECT
    "t5"."stage_id",
    BOOL_OR("t5"."closed") AS "closed"
  FROM (
    SELECT
      "t1"."stage_id",
      COALESCE("t1"."is_closed", FALSE)
      OR (
        COALESCE(LOWER("t1"."ticket_state"), '') = 'closed'
      ) AS "closed"
    FROM "hubspot"."ticket_pipeline_stage" AS "t1"
  ) AS "t5"
  GROUP BY
    1
) AS "t9"
  ON "t6"."stage_id" = "t9"."stage_id"
