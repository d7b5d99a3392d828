SELECT
  "t17"."ticket_id",
  "t17"."paused_at",
  "t17"."resumed_at"
FROM (
  SELECT
    "t15"."id" AS "ticket_id",
    "t15"."at" AS "paused_at",
    "t15"."resumed_at"
  FROM (
    SELECT
      "t14"."id",
      "t14"."at",
      "t14"."holds",
      "t14"."held",
      LEAD("t14"."at") OVER (
        PARTITION BY "t14"."id"
        ORDER BY "t14"."at" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) AS "resumed_at"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t12"."id",
          "t12"."at",
          "t12"."holds",
          COALESCE(
            LAG("t12"."holds") OVER (
              PARTITION BY "t12"."id"
              ORDER BY "t12"."at" ASC
              ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ),
            FALSE
          ) AS "held"
        FROM (
          SELECT
            "t11"."id",
            "t11"."at",
            BOOL_AND(CAST("t11"."holds" AS BOOLEAN)) AS "holds"
          FROM (
            SELECT
              "t10"."id",
              "t10"."at",
              COALESCE("t10"."holds", FALSE) AS "holds"
            FROM (
              SELECT
                "t7"."id",
                "t7"."at",
                (
                  "t9"."waiting_id" IS NOT NULL
                )
                OR LOWER("t7"."stage_id") IN ('3', 'waiting on contact') AS "holds"
              FROM (
                SELECT
                  CAST("t1"."ticket_id" AS TEXT) AS "id",
                  "t1"."value" AS "stage_id",
                  COALESCE("t1"."timestamp_instant") AS "at"
                FROM "hubspot"."ticket_property_history" AS "t1"
                WHERE
                  COALESCE(LOWER("t1"."name"), '') = 'hs_pipeline_stage'
              ) AS "t7"
              LEFT OUTER JOIN (
                SELECT DISTINCT
                  "t4"."stage_id" AS "waiting_id"
                FROM (
                  SELECT
                    "t2"."stage_id",
                    COALESCE(LOWER("t2"."label"), '') AS "label",
                    COALESCE(LOWER("t2"."stage_id"), '') AS "own_id"
                  FROM "hubspot"."ticket_pipeline_stage" AS "t2"
                ) AS "t4"
                WHERE
                  "t4"."label" IN ('3', 'waiting on contact')
                  OR "t4"."own_id" IN ('3', 'waiting on contact')
              ) AS "t9"
                ON "t7"."stage_id" = "t9"."waiting_id"
            ) AS "t10"
          ) AS "t11"
          GROUP BY
            1,
            2
        ) AS "t12"
      ) AS "t13"
      WHERE
        (
          "t13"."holds" <> "t13"."held"
        ) OR (
          "t13"."at" IS NULL
        )
    ) AS "t14"
  ) AS "t15"
  WHERE
    "t15"."holds" OR (
      "t15"."at" IS NULL
    )
) AS "t17"
SEMI JOIN (
  SELECT
    CAST("t0"."id" AS TEXT) AS "ticket_id"
  FROM "hubspot"."ticket" AS "t0"
  WHERE
    COALESCE("t0"."is_deleted", FALSE) = FALSE
) AS "t5"
  ON "t17"."ticket_id" = "t5"."ticket_id"
