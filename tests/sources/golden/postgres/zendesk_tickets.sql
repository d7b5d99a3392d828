SELECT
  "t18"."ticket_id" AS "id",
  "t18"."facility_id",
  CASE
    WHEN "t18"."priority_given" IS NULL
    THEN 'medium'
    WHEN "t18"."priority_given" = 'urgent'
    THEN 'critical'
    WHEN "t18"."priority_given" = 'normal'
    THEN 'medium'
    ELSE "t18"."priority_given"
  END AS "priority",
  "t18"."priority_given",
  "t18"."status",
  "t18"."created_at",
  "t49"."answered_at" AS "first_response_at",
  CASE
    WHEN "t18"."status" IN ('solved', 'closed')
    THEN COALESCE("t33"."since", "t18"."updated_at")
    ELSE CAST(NULL AS TIMESTAMP(6))
  END AS "resolved_at",
  "t18"."updated_at"
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
    COALESCE(LOWER(TRIM(' 	
' FROM "t0"."status")), '') <> 'deleted'
) AS "t18"
LEFT OUTER JOIN (
  SELECT
    "t47"."answered_id",
    MIN("t47"."said_at") AS "answered_at"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t42"."answered_id",
        "t42"."said_at"
      FROM (
        SELECT
          "t41"."answered_id",
          "t41"."author_id",
          "t41"."said_at",
          "t27"."ticket_id",
          "t27"."requester_id",
          "t27"."facility_id",
          "t27"."priority_given",
          "t27"."status",
          "t27"."created_at",
          "t27"."updated_at"
        FROM (
          SELECT
            "t38"."answered_id",
            "t38"."author_id",
            "t38"."said_at"
          FROM (
            SELECT
              "t13"."answered_id",
              "t13"."author_id",
              "t13"."said_at",
              "t35"."agent_id",
              "t35"."left_at"
            FROM (
              SELECT
                CAST("t4"."ticket_id" AS VARCHAR) AS "answered_id",
                CAST("t4"."user_id" AS VARCHAR) AS "author_id",
                "t4"."created" AS "said_at"
              FROM "zendesk"."ticket_comment" AS "t4"
              WHERE
                COALESCE("t4"."public", FALSE)
            ) AS "t13"
            INNER JOIN (
              SELECT
                *
              FROM (
                SELECT DISTINCT
                  CAST("t5"."id" AS VARCHAR) AS "agent_id",
                  CAST(NULL AS TIMESTAMP(6)) AS "left_at"
                FROM "zendesk"."user" AS "t5"
                WHERE
                  COALESCE(LOWER(TRIM(' 	
' FROM "t5"."role")), '') IN ('agent', 'admin')
              ) AS "t16"
              UNION ALL
              SELECT
                *
              FROM (
                SELECT
                  *
                FROM (
                  SELECT
                    "t26"."agent_id",
                    "t26"."left_at"
                  FROM (
                    SELECT
                      "t21"."agent_id",
                      MAX("t21"."left_at") AS "left_at"
                    FROM (
                      SELECT
                        CAST("t7"."source_id" AS VARCHAR) AS "agent_id",
                        "t7"."created_at" AS "left_at"
                      FROM "zendesk"."audit_log" AS "t7"
                      WHERE
                        COALESCE(LOWER(TRIM(' 	
' FROM "t7"."source_type")), '') = 'user'
                        AND COALESCE(LOWER(TRIM(' 	
' FROM "t7"."change_description")), '') ~ '(?:^|\n|\\n|support )role changed from [^\n\\]+ to (?:not set|none|end[- ]?user)'
                        AND NOT (
                          COALESCE(LOWER(TRIM(' 	
' FROM "t7"."change_description")), '') ~ '(?:^|\n|\\n|support )role changed from (?:not set|none|end[- ]?user)'
                        )
                    ) AS "t21"
                    GROUP BY
                      1
                  ) AS "t26"
                  WHERE
                    NOT EXISTS(
                      SELECT
                        1
                      FROM (
                        SELECT
                          CAST("t5"."id" AS VARCHAR) AS "agent_id",
                          CAST(NULL AS TIMESTAMP(6)) AS "left_at"
                        FROM "zendesk"."user" AS "t5"
                        WHERE
                          COALESCE(LOWER(TRIM(' 	
' FROM "t5"."role")), '') IN ('agent', 'admin')
                      ) AS "t20"
                      WHERE
                        "t26"."agent_id" = "t20"."agent_id"
                    )
                ) AS "t29"
              ) AS "t32"
            ) AS "t35"
              ON "t13"."author_id" = "t35"."agent_id"
          ) AS "t38"
          WHERE
            (
              "t38"."left_at" IS NULL
            ) OR (
              "t38"."said_at" <= "t38"."left_at"
            )
        ) AS "t41"
        INNER JOIN (
          SELECT
            "t18"."ticket_id",
            "t18"."requester_id",
            "t18"."facility_id",
            "t18"."priority_given",
            "t18"."status",
            "t18"."created_at",
            "t18"."updated_at"
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
              COALESCE(LOWER(TRIM(' 	
' FROM "t0"."status")), '') <> 'deleted'
          ) AS "t18"
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
              ) AS "t12"
              WHERE
                "t18"."ticket_id" = "t12"."merged_id"
            )
        ) AS "t27"
          ON "t41"."answered_id" = "t27"."ticket_id"
      ) AS "t42"
      WHERE
        "t42"."said_at" > "t42"."created_at"
        AND (
          (
            "t42"."requester_id" IS NULL
          )
          OR (
            "t42"."author_id" <> "t42"."requester_id"
          )
        )
    ) AS "t44"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t45"."answered_id",
        GREATEST("t45"."said_at", "t45"."created_at") AS "said_at"
      FROM (
        SELECT
          "t43"."chat_id",
          "t43"."author_id",
          "t43"."said_at",
          "t43"."by_agent",
          "t43"."chat_of",
          "t43"."answered_id",
          "t43"."requester_id",
          "t43"."created_at",
          "t43"."is_first",
          "t43"."next_at",
          "t43"."answers",
          MIN(
            CASE
              WHEN NOT (
                "t43"."answers"
              )
              THEN "t43"."said_at"
              ELSE CAST(NULL AS TIMESTAMP(6))
            END
          ) OVER (
            PARTITION BY "t43"."chat_id", "t43"."answered_id"
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
          ) AS "asked_at"
        FROM (
          SELECT
            "t39"."chat_id",
            "t39"."author_id",
            "t39"."said_at",
            "t39"."by_agent",
            "t39"."chat_of",
            "t39"."answered_id",
            "t39"."requester_id",
            "t39"."created_at",
            "t39"."is_first",
            "t39"."next_at",
            "t39"."by_agent"
            AND NOT (
              COALESCE("t39"."author_id" = "t39"."requester_id", FALSE)
            ) AS "answers"
          FROM (
            SELECT
              "t22"."chat_id",
              "t22"."author_id",
              "t22"."said_at",
              "t22"."as_agent"
              OR (
                (
                  "t35"."agent_id" IS NOT NULL
                )
                AND (
                  (
                    "t35"."left_at" IS NULL
                  ) OR (
                    "t22"."said_at" <= "t35"."left_at"
                  )
                )
              ) AS "by_agent",
              "t37"."chat_of",
              "t37"."answered_id",
              "t37"."requester_id",
              "t37"."created_at",
              "t37"."is_first",
              "t37"."next_at"
            FROM (
              SELECT
                "t3"."chat_id",
                REGEXP_REPLACE(TRIM(' 	
' FROM "t3"."actor_id"), '^agent:(\d+)$', '\1', 'g') AS "author_id",
                TRIM(' 	
' FROM "t3"."actor_id") ~ '^agent:(\d+)$' AS "as_agent",
                "t3"."created_at" AS "said_at"
              FROM "zendesk"."ticket_chat_event" AS "t3"
              WHERE
                COALESCE(LOWER(TRIM(' 	
' FROM "t3"."type")), '') IN ('chatmessage', 'chatfileattachment')
                AND NOT (
                  COALESCE("t3"."is_history_context", FALSE)
                )
                AND NOT (
                  POSITION(
                    '"zd:answerbot"' IN COALESCE(LOWER(TRIM(' 	
' FROM "t3"."original_message")), '')
                  ) > 0
                )
            ) AS "t22"
            LEFT OUTER JOIN (
              SELECT
                *
              FROM (
                SELECT DISTINCT
                  CAST("t5"."id" AS VARCHAR) AS "agent_id",
                  CAST(NULL AS TIMESTAMP(6)) AS "left_at"
                FROM "zendesk"."user" AS "t5"
                WHERE
                  COALESCE(LOWER(TRIM(' 	
' FROM "t5"."role")), '') IN ('agent', 'admin')
              ) AS "t16"
              UNION ALL
              SELECT
                *
              FROM (
                SELECT
                  *
                FROM (
                  SELECT
                    "t26"."agent_id",
                    "t26"."left_at"
                  FROM (
                    SELECT
                      "t21"."agent_id",
                      MAX("t21"."left_at") AS "left_at"
                    FROM (
                      SELECT
                        CAST("t7"."source_id" AS VARCHAR) AS "agent_id",
                        "t7"."created_at" AS "left_at"
                      FROM "zendesk"."audit_log" AS "t7"
                      WHERE
                        COALESCE(LOWER(TRIM(' 	
' FROM "t7"."source_type")), '') = 'user'
                        AND COALESCE(LOWER(TRIM(' 	
' FROM "t7"."change_description")), '') ~ '(?:^|\n|\\n|support )role changed from [^\n\\]+ to (?:not set|none|end[- ]?user)'
                        AND NOT (
                          COALESCE(LOWER(TRIM(' 	
' FROM "t7"."change_description")), '') ~ '(?:^|\n|\\n|support )role changed from (?:not set|none|end[- ]?user)'
                        )
                    ) AS "t21"
                    GROUP BY
                      1
                  ) AS "t26"
                  WHERE
                    NOT EXISTS(
                      SELECT
                        1
                      FROM (
                        SELECT
                          CAST("t5"."id" AS VARCHAR) AS "agent_id",
                          CAST(NULL AS TIMESTAMP(6)) AS "left_at"
                        FROM "zendesk"."user" AS "t5"
                        WHERE
                          COALESCE(LOWER(TRIM(' 	
' FROM "t5"."role")), '') IN ('agent', 'admin')
                      ) AS "t20"
                      WHERE
                        "t26"."agent_id" = "t20"."agent_id"
                    )
                ) AS "t29"
              ) AS "t32"
            ) AS "t35"
              ON "t22"."author_id" = "t35"."agent_id"
            INNER JOIN (
              SELECT
                "t30"."chat_of",
                "t30"."answered_id",
                "t30"."requester_id",
                "t30"."created_at",
                (
                  ROW_NUMBER() OVER (
                    PARTITION BY "t30"."chat_of"
                    ORDER BY "t30"."created_at" ASC, "t30"."answered_id" ASC
                    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
                  ) - 1
                ) = 0 AS "is_first",
                LEAD("t30"."created_at") OVER (
                  PARTITION BY "t30"."chat_of"
                  ORDER BY "t30"."created_at" ASC, "t30"."answered_id" ASC
                  ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
                ) AS "next_at"
              FROM (
                SELECT
                  "t14"."chat_of",
                  "t14"."answered_id",
                  "t27"."requester_id",
                  "t27"."created_at"
                FROM (
                  SELECT DISTINCT
                    "t6"."chat_id" AS "chat_of",
                    CAST("t6"."ticket_id" AS VARCHAR) AS "answered_id"
                  FROM "zendesk"."ticket_chat" AS "t6"
                ) AS "t14"
                INNER JOIN (
                  SELECT
                    "t18"."ticket_id",
                    "t18"."requester_id",
                    "t18"."facility_id",
                    "t18"."priority_given",
                    "t18"."status",
                    "t18"."created_at",
                    "t18"."updated_at"
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
                      COALESCE(LOWER(TRIM(' 	
' FROM "t0"."status")), '') <> 'deleted'
                  ) AS "t18"
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
                      ) AS "t12"
                      WHERE
                        "t18"."ticket_id" = "t12"."merged_id"
                    )
                ) AS "t27"
                  ON "t14"."answered_id" = "t27"."ticket_id"
              ) AS "t30"
            ) AS "t37"
              ON "t22"."chat_id" = "t37"."chat_of"
          ) AS "t39"
          WHERE
            (
              "t39"."is_first" OR (
                "t39"."said_at" >= "t39"."created_at"
              )
            )
            AND (
              (
                "t39"."next_at" IS NULL
              ) OR (
                "t39"."said_at" < "t39"."next_at"
              )
            )
        ) AS "t43"
      ) AS "t45"
      WHERE
        "t45"."answers"
        AND "t45"."said_at" > COALESCE("t45"."asked_at", "t45"."created_at")
    ) AS "t46"
  ) AS "t47"
  GROUP BY
    1
) AS "t49"
  ON "t18"."ticket_id" = "t49"."answered_id"
LEFT OUTER JOIN (
  SELECT
    "t28"."id",
    MIN("t28"."at") AS "since",
    BOOL_OR("t28"."last_other" IS NOT NULL) AS "was_other"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t9"."id",
        "t9"."at",
        "t9"."holds",
        MAX(
          CASE WHEN NOT (
            "t9"."holds"
          ) THEN "t9"."at" ELSE CAST(NULL AS TIMESTAMP(6)) END
        ) OVER (PARTITION BY "t9"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
      FROM (
        SELECT
          CAST("t2"."ticket_id" AS VARCHAR) AS "id",
          "t2"."updated" AS "at",
          "t2"."value" IN ('solved', 'closed') AS "holds"
        FROM "zendesk"."ticket_field_history" AS "t2"
        WHERE
          "t2"."field_name" = 'status'
      ) AS "t9"
    ) AS "t23"
    WHERE
      "t23"."holds"
      AND (
        (
          "t23"."last_other" IS NULL
        ) OR (
          "t23"."at" >= "t23"."last_other"
        )
      )
  ) AS "t28"
  GROUP BY
    1
) AS "t33"
  ON "t18"."ticket_id" = "t33"."id"
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
    ) AS "t12"
    WHERE
      "t18"."ticket_id" = "t12"."merged_id"
  )
