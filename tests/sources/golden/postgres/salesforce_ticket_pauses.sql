WITH "t11" AS (
  SELECT
    "t7"."id",
    "t7"."at",
    SUM(
      CASE WHEN "t7"."new" IN ('on hold') THEN 1 ELSE 0 END - CASE WHEN "t7"."old" IN ('on hold') THEN 1 ELSE 0 END
    ) AS "net",
    BOOL_AND("t7"."old" IN ('on hold')) AS "waited"
  FROM (
    SELECT
      "t1"."case_id" AS "id",
      "t1"."created_date" AS "at",
      COALESCE(LOWER("t1"."old_value"), '') AS "old",
      COALESCE(LOWER("t1"."new_value"), '') AS "new"
    FROM "salesforce"."case_history" AS "t1"
    WHERE
      COALESCE("t1"."is_deleted", FALSE) = FALSE
      AND COALESCE(LOWER("t1"."field"), '') = 'status'
  ) AS "t7"
  GROUP BY
    1,
    2
), "t13" AS (
  SELECT
    *
  FROM "t11" AS "t12"
  WHERE
    "t12"."at" IS NOT NULL
)
SELECT
  "t29"."ticket_id",
  "t29"."paused_at",
  "t29"."resumed_at"
FROM (
  SELECT
    "t27"."id" AS "ticket_id",
    "t27"."at" AS "paused_at",
    "t27"."resumed_at"
  FROM (
    SELECT
      "t26"."id",
      "t26"."at",
      "t26"."holds",
      "t26"."held",
      LEAD("t26"."at") OVER (
        PARTITION BY "t26"."id"
        ORDER BY "t26"."at" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) AS "resumed_at"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t24"."id",
          "t24"."at",
          "t24"."holds",
          COALESCE(
            LAG("t24"."holds") OVER (
              PARTITION BY "t24"."id"
              ORDER BY "t24"."at" ASC
              ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ),
            FALSE
          ) AS "held"
        FROM (
          SELECT
            "t23"."id",
            "t23"."at",
            BOOL_AND("t23"."holds") AS "holds"
          FROM (
            SELECT
              "t22"."id",
              "t22"."at",
              COALESCE("t22"."holds", FALSE) AS "holds"
            FROM (
              SELECT
                *
              FROM (
                SELECT
                  "t12"."id",
                  "t12"."at",
                  "t12"."net" > 0 AS "holds"
                FROM "t11" AS "t12"
                WHERE
                  "t12"."net" <> 0
              ) AS "t14"
              UNION ALL
              SELECT
                *
              FROM (
                SELECT
                  "t20"."id",
                  "t20"."at",
                  TRUE AS "holds"
                FROM (
                  SELECT
                    "t8"."id",
                    "t8"."at",
                    "t8"."waits_now",
                    "t19"."changed_id",
                    "t19"."waited"
                  FROM (
                    SELECT
                      "t0"."id",
                      "t0"."created_date" AS "at",
                      COALESCE(LOWER("t0"."status"), '') IN ('on hold') AS "waits_now"
                    FROM "salesforce"."case" AS "t0"
                    WHERE
                      COALESCE("t0"."is_deleted", FALSE) = FALSE
                  ) AS "t8"
                  LEFT OUTER JOIN (
                    SELECT
                      "t17"."id" AS "changed_id",
                      "t17"."waited" OR (
                        "t17"."net" < 0
                      ) AS "waited"
                    FROM (
                      SELECT
                        "t15"."id",
                        "t15"."at",
                        "t15"."net",
                        "t15"."waited",
                        ROW_NUMBER() OVER (
                          PARTITION BY "t15"."id"
                          ORDER BY "t15"."at" ASC
                          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
                        ) - 1 AS "place"
                      FROM "t13" AS "t15"
                    ) AS "t17"
                    WHERE
                      "t17"."place" = 0
                  ) AS "t19"
                    ON "t8"."id" = "t19"."changed_id"
                ) AS "t20"
                WHERE
                  COALESCE("t20"."waited", "t20"."waits_now")
                  AND "t20"."at" >= (
                    SELECT
                      MIN("t15"."at") AS "begin"
                    FROM "t13" AS "t15"
                  )
              ) AS "t21"
            ) AS "t22"
          ) AS "t23"
          GROUP BY
            1,
            2
        ) AS "t24"
      ) AS "t25"
      WHERE
        (
          "t25"."holds" <> "t25"."held"
        ) OR (
          "t25"."at" IS NULL
        )
    ) AS "t26"
  ) AS "t27"
  WHERE
    "t27"."holds" OR (
      "t27"."at" IS NULL
    )
) AS "t29"
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM (
      SELECT
        "t3"."gone_id"
      FROM (
        SELECT
          "t0"."id" AS "gone_id"
        FROM "salesforce"."case" AS "t0"
      ) AS "t3"
      WHERE
        NOT EXISTS(
          SELECT
            1
          FROM (
            SELECT
              "t0"."id" AS "ticket_id"
            FROM "salesforce"."case" AS "t0"
            WHERE
              COALESCE("t0"."is_deleted", FALSE) = FALSE
          ) AS "t5"
          WHERE
            "t3"."gone_id" = "t5"."ticket_id"
        )
    ) AS "t10"
    WHERE
      "t29"."ticket_id" = "t10"."gone_id"
  )
