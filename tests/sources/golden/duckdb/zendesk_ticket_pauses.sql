SELECT
  "t19"."ticket_id",
  "t19"."paused_at",
  "t19"."resumed_at"
FROM (
  SELECT
    "t17"."id" AS "ticket_id",
    "t17"."at" AS "paused_at",
    "t17"."resumed_at"
  FROM (
    SELECT
      "t16"."id",
      "t16"."at",
      "t16"."holds",
      "t16"."held",
      LEAD("t16"."at") OVER (
        PARTITION BY "t16"."id"
        ORDER BY "t16"."at" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) AS "resumed_at"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t10"."id",
          "t10"."at",
          "t10"."holds",
          COALESCE(
            LAG("t10"."holds") OVER (
              PARTITION BY "t10"."id"
              ORDER BY "t10"."at" ASC
              ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ),
            FALSE
          ) AS "held"
        FROM (
          SELECT
            "t6"."id",
            "t6"."at",
            BOOL_AND(CAST("t6"."holds" AS BOOLEAN)) AS "holds"
          FROM (
            SELECT
              CAST("t1"."ticket_id" AS TEXT) AS "id",
              "t1"."updated" AS "at",
              COALESCE("t1"."value" IN ('hold'), FALSE) AS "holds"
            FROM "zendesk"."ticket_field_history" AS "t1"
            WHERE
              "t1"."field_name" = 'status'
          ) AS "t6"
          GROUP BY
            1,
            2
        ) AS "t10"
      ) AS "t13"
      WHERE
        (
          "t13"."holds" <> "t13"."held"
        ) OR (
          "t13"."at" IS NULL
        )
    ) AS "t16"
  ) AS "t17"
  WHERE
    "t17"."holds" OR (
      "t17"."at" IS NULL
    )
) AS "t19"
ANTI JOIN (
  SELECT
    "t5"."gone_id"
  FROM (
    SELECT
      CAST("t0"."id" AS TEXT) AS "gone_id"
    FROM "zendesk"."ticket" AS "t0"
  ) AS "t5"
  ANTI JOIN (
    SELECT
      "t9"."ticket_id"
    FROM (
      SELECT
        CAST("t0"."id" AS TEXT) AS "ticket_id"
      FROM "zendesk"."ticket" AS "t0"
      WHERE
        COALESCE(LOWER("t0"."status"), '') <> 'deleted'
    ) AS "t9"
    ANTI JOIN (
      SELECT
        CAST("t2"."ticket_id" AS TEXT) AS "merged_id"
      FROM "zendesk"."ticket_tag" AS "t2"
      WHERE
        "t2"."tag" = 'closed_by_merge'
    ) AS "t7"
      ON "t9"."ticket_id" = "t7"."merged_id"
  ) AS "t12"
    ON "t5"."gone_id" = "t12"."ticket_id"
) AS "t15"
  ON "t19"."ticket_id" = "t15"."gone_id"
