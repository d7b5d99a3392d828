SELECT
  "t15"."ticket_id",
  "t15"."paused_at",
  "t15"."resumed_at"
FROM (
  SELECT
    "t13"."id" AS "ticket_id",
    "t13"."at" AS "paused_at",
    "t13"."resumed_at"
  FROM (
    SELECT
      "t12"."id",
      "t12"."at",
      "t12"."holds",
      "t12"."held",
      LEAD("t12"."at") OVER (
        PARTITION BY "t12"."id"
        ORDER BY "t12"."at" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) AS "resumed_at"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t8"."id",
          "t8"."at",
          "t8"."holds",
          COALESCE(
            LAG("t8"."holds") OVER (
              PARTITION BY "t8"."id"
              ORDER BY "t8"."at" ASC
              ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ),
            FALSE
          ) AS "held"
        FROM (
          SELECT
            "t5"."id",
            "t5"."at",
            BOOL_AND(CAST("t5"."holds" AS BOOLEAN)) AS "holds"
          FROM (
            SELECT
              CAST("t2"."ticket_id" AS TEXT) AS "id",
              "t2"."updated" AS "at",
              COALESCE("t2"."value" IN ('hold'), FALSE) AS "holds"
            FROM "zendesk"."ticket_field_history" AS "t2"
            WHERE
              "t2"."field_name" = 'status'
          ) AS "t5"
          GROUP BY
            1,
            2
        ) AS "t8"
      ) AS "t11"
      WHERE
        (
          "t11"."holds" <> "t11"."held"
        ) OR (
          "t11"."at" IS NULL
        )
    ) AS "t12"
  ) AS "t13"
  WHERE
    "t13"."holds" OR (
      "t13"."at" IS NULL
    )
) AS "t15"
SEMI JOIN (
  SELECT
    "t7"."ticket_id"
  FROM (
    SELECT
      CAST("t0"."id" AS TEXT) AS "ticket_id"
    FROM "zendesk"."ticket" AS "t0"
    WHERE
      COALESCE(LOWER("t0"."status"), '') <> 'deleted'
  ) AS "t7"
  ANTI JOIN (
    SELECT
      CAST("t1"."ticket_id" AS TEXT) AS "merged_id"
    FROM "zendesk"."ticket_tag" AS "t1"
    WHERE
      "t1"."tag" = 'closed_by_merge'
  ) AS "t4"
    ON "t7"."ticket_id" = "t4"."merged_id"
) AS "t10"
  ON "t15"."ticket_id" = "t10"."ticket_id"
