SELECT
  "t21"."ticket_id",
  "t21"."paused_at",
  "t21"."resumed_at"
FROM (
  SELECT
    "t19"."id" AS "ticket_id",
    "t19"."at" AS "paused_at",
    "t19"."resumed_at"
  FROM (
    SELECT
      "t18"."id",
      "t18"."at",
      "t18"."holds",
      "t18"."held",
      LEAD("t18"."at") OVER (
        PARTITION BY "t18"."id"
        ORDER BY "t18"."at" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) AS "resumed_at"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t16"."id",
          "t16"."at",
          "t16"."holds",
          COALESCE(
            LAG("t16"."holds") OVER (
              PARTITION BY "t16"."id"
              ORDER BY "t16"."at" ASC
              ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ),
            FALSE
          ) AS "held"
        FROM (
          SELECT
            "t15"."id",
            "t15"."at",
            BOOL_AND("t15"."holds") AS "holds"
          FROM (
            SELECT
              "t14"."id",
              "t14"."at",
              COALESCE("t14"."holds", FALSE) AS "holds"
            FROM (
              SELECT
                "t9"."id",
                "t9"."at",
                (
                  "t12"."waiting_id" IS NOT NULL
                )
                OR LOWER("t9"."stage_id") IN ('3', 'waiting on contact') AS "holds"
              FROM (
                SELECT
                  CAST("t1"."ticket_id" AS VARCHAR) AS "id",
                  "t1"."value" AS "stage_id",
                  COALESCE("t1"."timestamp_instant") AS "at"
                FROM "hubspot"."ticket_property_history" AS "t1"
                WHERE
                  COALESCE(LOWER("t1"."name"), '') = 'hs_pipeline_stage'
              ) AS "t9"
              LEFT OUTER JOIN (
                SELECT DISTINCT
                  "t6"."stage_id" AS "waiting_id"
                FROM (
                  SELECT
                    "t2"."stage_id",
                    COALESCE(LOWER("t2"."label"), '') AS "label",
                    COALESCE(LOWER("t2"."stage_id"), '') AS "own_id"
                  FROM "hubspot"."ticket_pipeline_stage" AS "t2"
                ) AS "t6"
                WHERE
                  "t6"."label" IN ('3', 'waiting on contact')
                  OR "t6"."own_id" IN ('3', 'waiting on contact')
              ) AS "t12"
                ON "t9"."stage_id" = "t12"."waiting_id"
            ) AS "t14"
          ) AS "t15"
          GROUP BY
            1,
            2
        ) AS "t16"
      ) AS "t17"
      WHERE
        (
          "t17"."holds" <> "t17"."held"
        ) OR (
          "t17"."at" IS NULL
        )
    ) AS "t18"
  ) AS "t19"
  WHERE
    "t19"."holds" OR (
      "t19"."at" IS NULL
    )
) AS "t21"
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM (
      SELECT
        "t4"."gone_id"
      FROM (
        SELECT
          CAST("t0"."id" AS VARCHAR) AS "gone_id"
        FROM "hubspot"."ticket" AS "t0"
      ) AS "t4"
      WHERE
        NOT EXISTS(
          SELECT
            1
          FROM (
            SELECT
              CAST("t0"."id" AS VARCHAR) AS "ticket_id"
            FROM "hubspot"."ticket" AS "t0"
            WHERE
              COALESCE("t0"."is_deleted", FALSE) = FALSE
          ) AS "t7"
          WHERE
            "t4"."gone_id" = "t7"."ticket_id"
        )
    ) AS "t13"
    WHERE
      "t21"."ticket_id" = "t13"."gone_id"
  )
