WITH "t7" AS (
  SELECT
    "t5"."id",
    "t5"."at",
    SUM(
      CASE WHEN "t5"."new" IN ('on hold') THEN 1 ELSE 0 END - CASE WHEN "t5"."old" IN ('on hold') THEN 1 ELSE 0 END
    ) AS "net",
    BOOL_AND(CAST("t5"."old" IN ('on hold') AS BOOLEAN)) AS "waited"
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
  ) AS "t5"
  GROUP BY
    1,
    2
), "t9" AS (
  SELECT
    *
  FROM "t7" AS "t8"
  WHERE
    "t8"."at" IS NOT NULL
)
SELECT
  "t25"."ticket_id",
  "t25"."paused_at",
  "t25"."resumed_at"
FROM (
  SELECT
    "t23"."id" AS "ticket_id",
    "t23"."at" AS "paused_at",
    "t23"."resumed_at"
  FROM (
    SELECT
      "t22"."id",
      "t22"."at",
      "t22"."holds",
      "t22"."held",
      LEAD("t22"."at") OVER (
        PARTITION BY "t22"."id"
        ORDER BY "t22"."at" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) AS "resumed_at"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t20"."id",
          "t20"."at",
          "t20"."holds",
          COALESCE(
            LAG("t20"."holds") OVER (
              PARTITION BY "t20"."id"
              ORDER BY "t20"."at" ASC
              ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ),
            FALSE
          ) AS "held"
        FROM (
          SELECT
            "t19"."id",
            "t19"."at",
            BOOL_AND(CAST("t19"."holds" AS BOOLEAN)) AS "holds"
          FROM (
            SELECT
              "t18"."id",
              "t18"."at",
              COALESCE("t18"."holds", FALSE) AS "holds"
            FROM (
              SELECT
                *
              FROM (
                SELECT
                  "t8"."id",
                  "t8"."at",
                  "t8"."net" > 0 AS "holds"
                FROM "t7" AS "t8"
                WHERE
                  "t8"."net" <> 0
              ) AS "t10"
              UNION ALL
              SELECT
                *
              FROM (
                SELECT
                  "t16"."id",
                  "t16"."at",
                  TRUE AS "holds"
                FROM (
                  SELECT
                    "t6"."id",
                    "t6"."at",
                    "t6"."waits_now",
                    "t15"."changed_id",
                    "t15"."waited"
                  FROM (
                    SELECT
                      "t0"."id",
                      "t0"."created_date" AS "at",
                      COALESCE(LOWER("t0"."status"), '') IN ('on hold') AS "waits_now"
                    FROM "salesforce"."case" AS "t0"
                    WHERE
                      COALESCE("t0"."is_deleted", FALSE) = FALSE
                  ) AS "t6"
                  LEFT OUTER JOIN (
                    SELECT
                      "t13"."id" AS "changed_id",
                      "t13"."waited" OR (
                        "t13"."net" < 0
                      ) AS "waited"
                    FROM (
                      SELECT
                        "t11"."id",
                        "t11"."at",
                        "t11"."net",
                        "t11"."waited",
                        ROW_NUMBER() OVER (
                          PARTITION BY "t11"."id"
                          ORDER BY "t11"."at" ASC
                          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
                        ) - 1 AS "place"
                      FROM "t9" AS "t11"
                    ) AS "t13"
                    WHERE
                      "t13"."place" = 0
                  ) AS "t15"
                    ON "t6"."id" = "t15"."changed_id"
                ) AS "t16"
                WHERE
                  COALESCE("t16"."waited", "t16"."waits_now")
                  AND "t16"."at" >= (
                    SELECT
                      MIN("t11"."at") AS "begin"
                    FROM "t9" AS "t11"
                  )
              ) AS "t17"
            ) AS "t18"
          ) AS "t19"
          GROUP BY
            1,
            2
        ) AS "t20"
      ) AS "t21"
      WHERE
        (
          "t21"."holds" <> "t21"."held"
        ) OR (
          "t21"."at" IS NULL
        )
    ) AS "t22"
  ) AS "t23"
  WHERE
    "t23"."holds" OR (
      "t23"."at" IS NULL
    )
) AS "t25"
SEMI JOIN (
  SELECT
    "t0"."id" AS "ticket_id"
  FROM "salesforce"."case" AS "t0"
  WHERE
    COALESCE("t0"."is_deleted", FALSE) = FALSE
) AS "t3"
  ON "t25"."ticket_id" = "t3"."ticket_id"
