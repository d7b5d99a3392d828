WITH "t11" AS (
  SELECT
    "t10"."stage_id",
    MIN("t10"."label") AS "stage_name",
    BOOL_OR("t10"."won") AS "won",
    BOOL_OR("t10"."closed") AS "closed",
    BOOL_OR("t10"."qualified") AS "qualified",
    BOOL_OR("t10"."negotiated") AS "negotiated"
  FROM (
    SELECT
      "t2"."stage_id",
      "t2"."label",
      COALESCE("t2"."closed_won", FALSE) AS "won",
      COALESCE("t2"."closed_won", FALSE) OR COALESCE("t2"."is_closed", FALSE) AS "closed",
      NOT (
        COALESCE("t2"."closed_won", FALSE) OR COALESCE("t2"."is_closed", FALSE)
      )
      AND COALESCE(
        CASE
          WHEN CAST(NULLIF(CAST("t2"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) > 1
          THEN CAST(NULLIF(CAST("t2"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) >= CAST('4E+1' AS DECIMAL)
          ELSE CAST(NULLIF(CAST("t2"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) >= CAST('0.4' AS DECIMAL)
        END,
        FALSE
      ) AS "qualified",
      NOT (
        COALESCE("t2"."closed_won", FALSE) OR COALESCE("t2"."is_closed", FALSE)
      )
      AND COALESCE(
        CASE
          WHEN CAST(NULLIF(CAST("t2"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) > 1
          THEN CAST(NULLIF(CAST("t2"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) >= CAST('6E+1' AS DECIMAL)
          ELSE CAST(NULLIF(CAST("t2"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) >= CAST('0.6' AS DECIMAL)
        END,
        FALSE
      ) AS "negotiated"
    FROM "hubspot"."deal_pipeline_stage" AS "t2"
  ) AS "t10"
  GROUP BY
    1
), "t15" AS (
  SELECT
    "t7"."id",
    "t7"."at",
    COALESCE("t14"."won", FALSE) AS "won",
    COALESCE("t14"."closed", FALSE) AS "closed",
    COALESCE("t14"."qualified", FALSE) AS "qualified",
    COALESCE("t14"."negotiated", FALSE) AS "negotiated"
  FROM (
    SELECT
      CAST("t3"."deal_id" AS VARCHAR) AS "id",
      COALESCE("t3"."date_entered", "t3"."_fivetran_start") AS "at",
      "t3"."value"
    FROM "hubspot"."deal_stage" AS "t3"
  ) AS "t7"
  LEFT OUTER JOIN "t11" AS "t14"
    ON "t7"."value" = "t14"."stage_id"
)
SELECT
  "t27"."id",
  "t27"."rep_id",
  "t27"."amount",
  "t27"."updated_at",
  "t27"."closed_at",
  "t27"."id" AS "lead_id",
  CASE WHEN "t27"."stage" IN ('won', 'lost') THEN "t27"."stage" ELSE 'open' END AS "status",
  COALESCE("t27"."negotiated_at", "t27"."created_at") AS "created_at"
FROM (
  SELECT
    "t23"."rep_id",
    "t23"."amount",
    "t23"."created_at",
    "t23"."qualified_at",
    "t23"."negotiated_at",
    "t23"."deal_id" AS "id",
    COALESCE("t23"."stage_name", "t23"."own_stage_id", 'none') AS "status",
    CASE
      WHEN "t23"."own_stage_id" IS NULL
      THEN 'lead'
      WHEN "t23"."won"
      THEN 'won'
      WHEN "t23"."closed"
      THEN 'lost'
      WHEN "t23"."negotiated"
      THEN 'opportunity'
      WHEN "t23"."qualified"
      THEN 'sql'
      WHEN "t23"."closed" IS NOT NULL
      THEN 'lead'
      ELSE CAST(NULL AS VARCHAR)
    END AS "stage",
    COALESCE(
      "t23"."changed_at",
      GREATEST(
        "t23"."created_at",
        CASE
          WHEN "t23"."closed"
          THEN COALESCE("t26"."since", "t23"."close_day")
          ELSE CAST(NULL AS TIMESTAMP(6))
        END
      )
    ) AS "updated_at",
    CASE
      WHEN "t23"."closed"
      THEN COALESCE("t26"."since", "t23"."close_day")
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "closed_at"
  FROM (
    SELECT
      "t21"."deal_id",
      "t21"."own_stage_id",
      "t21"."rep_id",
      "t21"."amount",
      "t21"."created_at",
      "t21"."changed_at",
      "t21"."close_day",
      "t21"."stage_id",
      "t21"."stage_name",
      "t21"."won",
      "t21"."closed",
      "t21"."qualified",
      "t21"."negotiated",
      "t21"."qualified_at",
      "t21"."negotiated_at"
    FROM (
      SELECT
        "t9"."deal_id",
        "t9"."own_stage_id",
        "t9"."rep_id",
        "t9"."amount",
        "t9"."created_at",
        "t9"."changed_at",
        "t9"."close_day",
        "t13"."stage_id",
        "t13"."stage_name",
        "t13"."won",
        "t13"."closed",
        "t13"."qualified",
        "t13"."negotiated",
        "t19"."id",
        "t19"."qualified_at",
        "t19"."negotiated_at"
      FROM (
        SELECT
          CAST("t0"."deal_id" AS VARCHAR) AS "deal_id",
          NULLIF("t0"."deal_pipeline_stage_id", '') AS "own_stage_id",
          COALESCE(CAST("t0"."owner_id" AS VARCHAR), 'unassigned') AS "rep_id",
          COALESCE(CAST(NULLIF(CAST("t0"."property_amount" AS VARCHAR), '') AS DECIMAL(24, 6)), 0) AS "amount",
          "t0"."property_createdate" AS "created_at",
          CAST(NULL AS TIMESTAMP(6)) AS "changed_at",
          "t0"."property_closedate" AS "close_day"
        FROM "hubspot"."deal" AS "t0"
        WHERE
          COALESCE("t0"."is_deleted", FALSE) = FALSE
      ) AS "t9"
      LEFT OUTER JOIN "t11" AS "t13"
        ON "t9"."own_stage_id" = "t13"."stage_id"
      LEFT OUTER JOIN (
        SELECT
          "t16"."id",
          MIN("t16"."at") FILTER(WHERE
            "t16"."won" OR "t16"."qualified") AS "qualified_at",
          MIN("t16"."at") FILTER(WHERE
            "t16"."won" OR "t16"."negotiated") AS "negotiated_at"
        FROM "t15" AS "t16"
        GROUP BY
          1
      ) AS "t19"
        ON "t9"."deal_id" = "t19"."id"
      WHERE
        NOT EXISTS(
          SELECT
            1
          FROM (
            SELECT
              CAST("t1"."merged_deal_id" AS VARCHAR) AS "merged_id"
            FROM "hubspot"."merged_deal" AS "t1"
          ) AS "t6"
          WHERE
            "t9"."deal_id" = "t6"."merged_id"
        )
    ) AS "t21"
  ) AS "t23"
  LEFT OUTER JOIN (
    SELECT
      "t24"."id",
      MIN("t24"."at") AS "since",
      BOOL_OR("t24"."last_other" IS NOT NULL) AS "was_other"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t17"."id",
          "t17"."at",
          "t17"."holds",
          MAX(
            CASE
              WHEN NOT (
                "t17"."holds"
              )
              THEN "t17"."at"
              ELSE CAST(NULL AS TIMESTAMP(6))
            END
          ) OVER (PARTITION BY "t17"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
        FROM (
          SELECT
            "t16"."id",
            "t16"."at",
            "t16"."closed" AS "holds"
          FROM "t15" AS "t16"
        ) AS "t17"
      ) AS "t20"
      WHERE
        "t20"."holds"
        AND (
          (
            "t20"."last_other" IS NULL
          ) OR (
            "t20"."at" >= "t20"."last_other"
          )
        )
    ) AS "t24"
    GROUP BY
      1
  ) AS "t26"
    ON "t23"."deal_id" = "t26"."id"
) AS "t27"
WHERE
  (
    "t27"."negotiated_at" IS NOT NULL
  )
  OR "t27"."stage" IN ('opportunity', 'won')
