SELECT
  "t13"."ticket_id" AS "id",
  "t13"."facility_id",
  CASE
    WHEN "t13"."priority_given" IS NULL
    THEN 'medium'
    WHEN "t13"."priority_given" = 'urgent'
    THEN 'critical'
    WHEN "t13"."priority_given" = 'normal'
    THEN 'medium'
    ELSE "t13"."priority_given"
  END AS "priority",
  "t13"."priority_given",
  "t13"."status",
  "t13"."created_at",
  "t23"."answered_at" AS "first_response_at",
  CASE
    WHEN "t13"."status" IN ('solved', 'closed')
    THEN COALESCE("t20"."since", "t13"."updated_at")
    ELSE CAST(NULL AS TIMESTAMP(6))
  END AS "resolved_at",
  "t13"."updated_at"
FROM (
  SELECT
    CAST("t0"."id" AS VARCHAR) AS "ticket_id",
    CAST("t0"."requester_id" AS VARCHAR) AS "requester_id",
    COALESCE(CAST("t0"."organization_id" AS VARCHAR), 'unassigned') AS "facility_id",
    LOWER("t0"."priority") AS "priority_given",
    "t0"."status",
    "t0"."created_at",
    "t0"."updated_at"
  FROM "zendesk"."ticket" AS "t0"
  WHERE
    COALESCE(LOWER("t0"."status"), '') <> 'deleted'
) AS "t13"
LEFT OUTER JOIN (
  SELECT
    "t21"."answered_id",
    MIN("t21"."said_at") AS "answered_at"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t10"."answered_id",
        "t10"."author_id",
        "t10"."said_at",
        "t16"."ticket_id",
        "t16"."requester_id",
        "t16"."facility_id",
        "t16"."priority_given",
        "t16"."status",
        "t16"."created_at",
        "t16"."updated_at"
      FROM (
        SELECT
          CAST("t3"."ticket_id" AS VARCHAR) AS "answered_id",
          CAST("t3"."user_id" AS VARCHAR) AS "author_id",
          "t3"."created" AS "said_at"
        FROM "zendesk"."ticket_comment" AS "t3"
        WHERE
          COALESCE("t3"."public", FALSE)
      ) AS "t10"
      INNER JOIN (
        SELECT
          "t13"."ticket_id",
          "t13"."requester_id",
          "t13"."facility_id",
          "t13"."priority_given",
          "t13"."status",
          "t13"."created_at",
          "t13"."updated_at"
        FROM (
          SELECT
            CAST("t0"."id" AS VARCHAR) AS "ticket_id",
            CAST("t0"."requester_id" AS VARCHAR) AS "requester_id",
            COALESCE(CAST("t0"."organization_id" AS VARCHAR), 'unassigned') AS "facility_id",
            LOWER("t0"."priority") AS "priority_given",
            "t0"."status",
            "t0"."created_at",
            "t0"."updated_at"
          FROM "zendesk"."ticket" AS "t0"
          WHERE
            COALESCE(LOWER("t0"."status"), '') <> 'deleted'
        ) AS "t13"
        WHERE
          NOT EXISTS(
            SELECT
              1
            FROM (
              SELECT
                CAST("t1"."ticket_id" AS VARCHAR) AS "merged_id"
              FROM "zendesk"."ticket_tag" AS "t1"
              WHERE
                "t1"."tag" = 'closed_by_merge'
            ) AS "t9"
            WHERE
              "t13"."ticket_id" = "t9"."merged_id"
          )
      ) AS "t16"
        ON "t10"."answered_id" = "t16"."ticket_id"
      WHERE
        EXISTS(
          SELECT
            1
          FROM (
            SELECT
              CAST("t4"."id" AS VARCHAR) AS "agent_id"
            FROM "zendesk"."user" AS "t4"
            WHERE
              "t4"."role" IN ('agent', 'admin')
          ) AS "t11"
          WHERE
            "t10"."author_id" = "t11"."agent_id"
        )
    ) AS "t18"
    WHERE
      "t18"."said_at" > "t18"."created_at"
      AND (
        (
          "t18"."requester_id" IS NULL
        )
        OR (
          "t18"."author_id" <> "t18"."requester_id"
        )
      )
  ) AS "t21"
  GROUP BY
    1
) AS "t23"
  ON "t13"."ticket_id" = "t23"."answered_id"
LEFT OUTER JOIN (
  SELECT
    "t17"."id",
    MIN("t17"."at") AS "since",
    BOOL_OR("t17"."last_other" IS NOT NULL) AS "was_other"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t6"."id",
        "t6"."at",
        "t6"."holds",
        MAX(
          CASE WHEN NOT (
            "t6"."holds"
          ) THEN "t6"."at" ELSE CAST(NULL AS TIMESTAMP(6)) END
        ) OVER (PARTITION BY "t6"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
      FROM (
        SELECT
          CAST("t2"."ticket_id" AS VARCHAR) AS "id",
          "t2"."updated" AS "at",
          "t2"."value" IN ('solved', 'closed') AS "holds"
        FROM "zendesk"."ticket_field_history" AS "t2"
        WHERE
          "t2"."field_name" = 'status'
      ) AS "t6"
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
  ) AS "t17"
  GROUP BY
    1
) AS "t20"
  ON "t13"."ticket_id" = "t20"."id"
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM (
      SELECT
        CAST("t1"."ticket_id" AS VARCHAR) AS "merged_id"
      FROM "zendesk"."ticket_tag" AS "t1"
      WHERE
        "t1"."tag" = 'closed_by_merge'
    ) AS "t9"
    WHERE
      "t13"."ticket_id" = "t9"."merged_id"
  )
