WITH "t16" AS (
  SELECT
    "t8"."id",
    "t8"."at",
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
  ) AS "t8"
  LEFT OUTER JOIN (
    SELECT
      "t10"."stage_id",
      MIN("t10"."label") AS "stage_name",
      BOOL_OR("t10"."won") AS "won",
      BOOL_OR("t10"."closed") AS "closed",
      BOOL_OR("t10"."qualified") AS "qualified",
      BOOL_OR("t10"."negotiated") AS "negotiated"
    FROM (
      SELECT
        "t0"."stage_id",
        "t0"."label",
        COALESCE("t0"."closed_won", FALSE) AS "won",
        COALESCE("t0"."closed_won", FALSE) OR COALESCE("t0"."is_closed", FALSE) AS "closed",
        NOT (
          COALESCE("t0"."closed_won", FALSE) OR COALESCE("t0"."is_closed", FALSE)
        )
        AND COALESCE(
          CASE
            WHEN CAST(NULLIF(CAST("t0"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) > 1
            THEN CAST(NULLIF(CAST("t0"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) >= CAST('4E+1' AS DECIMAL)
            ELSE CAST(NULLIF(CAST("t0"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) >= CAST('0.4' AS DECIMAL)
          END,
          FALSE
        ) AS "qualified",
        NOT (
          COALESCE("t0"."closed_won", FALSE) OR COALESCE("t0"."is_closed", FALSE)
        )
        AND COALESCE(
          CASE
            WHEN CAST(NULLIF(CAST("t0"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) > 1
            THEN CAST(NULLIF(CAST("t0"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) >= CAST('6E+1' AS DECIMAL)
            ELSE CAST(NULLIF(CAST("t0"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) >= CAST('0.6' AS DECIMAL)
          END,
          FALSE
        ) AS "negotiated"
      FROM "hubspot"."deal_pipeline_stage" AS "t0"
    ) AS "t10"
    GROUP BY
      1
  ) AS "t14"
    ON "t8"."value" = "t14"."stage_id"
)
SELECT
  "t28"."id",
  "t28"."rep_id",
  "t28"."amount",
  "t28"."updated_at",
  "t28"."closed_at",
  "t28"."id" AS "lead_id",
  CASE WHEN "t28"."stage" IN ('won', 'lost') THEN "t28"."stage" ELSE 'open' END AS "status",
  COALESCE("t28"."negotiated_at", "t28"."created_at") AS "created_at"
FROM (
  SELECT
    "t24"."qualified_at",
    "t24"."negotiated_at",
    "t24"."deal_id" AS "id",
    COALESCE(CAST("t24"."owner_id" AS VARCHAR), 'unassigned') AS "rep_id",
    COALESCE("t24"."stage_name", "t24"."own_stage_id", 'none') AS "status",
    CASE
      WHEN "t24"."own_stage_id" IS NULL
      THEN 'lead'
      WHEN "t24"."won"
      THEN 'won'
      WHEN "t24"."closed"
      THEN 'lost'
      WHEN "t24"."negotiated"
      THEN 'opportunity'
      WHEN "t24"."qualified"
      THEN 'sql'
      WHEN "t24"."closed" IS NOT NULL
      THEN 'lead'
      ELSE CAST(NULL AS VARCHAR)
    END AS "stage",
    COALESCE(CAST(NULLIF(CAST("t24"."property_amount" AS VARCHAR), '') AS DECIMAL(24, 6)), 0) AS "amount",
    "t24"."property_createdate" AS "created_at",
    COALESCE(
      CAST(NULL AS TIMESTAMP(6)),
      GREATEST(
        "t24"."property_createdate",
        CASE
          WHEN "t24"."closed"
          THEN COALESCE("t27"."since", "t24"."property_closedate")
          ELSE CAST(NULL AS TIMESTAMP(6))
        END
      )
    ) AS "updated_at",
    CASE
      WHEN "t24"."closed"
      THEN COALESCE("t27"."since", "t24"."property_closedate")
      ELSE CAST(NULL AS TIMESTAMP(6))
    END AS "closed_at"
  FROM (
    SELECT
      "t22"."deal_id",
      "t22"."is_deleted",
      "t22"."deal_pipeline_stage_id",
      "t22"."owner_id",
      "t22"."property_amount",
      "t22"."property_closedate",
      "t22"."property_createdate",
      "t22"."own_stage_id",
      "t22"."stage_id",
      "t22"."stage_name",
      "t22"."won",
      "t22"."closed",
      "t22"."qualified",
      "t22"."negotiated",
      "t22"."qualified_at",
      "t22"."negotiated_at"
    FROM (
      SELECT
        "t15"."deal_id",
        "t15"."is_deleted",
        "t15"."deal_pipeline_stage_id",
        "t15"."owner_id",
        "t15"."property_amount",
        "t15"."property_closedate",
        "t15"."property_createdate",
        "t15"."own_stage_id",
        "t14"."stage_id",
        "t14"."stage_name",
        "t14"."won",
        "t14"."closed",
        "t14"."qualified",
        "t14"."negotiated",
        "t20"."id",
        "t20"."qualified_at",
        "t20"."negotiated_at"
      FROM (
        SELECT
          "t11"."deal_id",
          "t11"."is_deleted",
          "t11"."deal_pipeline_stage_id",
          "t11"."owner_id",
          "t11"."property_amount",
          "t11"."property_closedate",
          "t11"."property_createdate",
          NULLIF("t11"."deal_pipeline_stage_id", '') AS "own_stage_id"
        FROM (
          SELECT
            "t9"."deal_id",
            "t9"."is_deleted",
            "t9"."deal_pipeline_stage_id",
            "t9"."owner_id",
            "t9"."property_amount",
            "t9"."property_closedate",
            "t9"."property_createdate"
          FROM (
            SELECT
              CAST("t1"."deal_id" AS VARCHAR) AS "deal_id",
              "t1"."is_deleted",
              "t1"."deal_pipeline_stage_id",
              "t1"."owner_id",
              "t1"."property_amount",
              "t1"."property_closedate",
              "t1"."property_createdate"
            FROM "hubspot"."deal" AS "t1"
            WHERE
              COALESCE("t1"."is_deleted", FALSE) = FALSE
          ) AS "t9"
          WHERE
            NOT EXISTS(
              SELECT
                1
              FROM (
                SELECT
                  CAST("t2"."merged_deal_id" AS VARCHAR) AS "merged_id"
                FROM "hubspot"."merged_deal" AS "t2"
              ) AS "t7"
              WHERE
                "t9"."deal_id" = "t7"."merged_id"
            )
        ) AS "t11"
      ) AS "t15"
      LEFT OUTER JOIN (
        SELECT
          "t10"."stage_id",
          MIN("t10"."label") AS "stage_name",
          BOOL_OR("t10"."won") AS "won",
          BOOL_OR("t10"."closed") AS "closed",
          BOOL_OR("t10"."qualified") AS "qualified",
          BOOL_OR("t10"."negotiated") AS "negotiated"
        FROM (
          SELECT
            "t0"."stage_id",
            "t0"."label",
            COALESCE("t0"."closed_won", FALSE) AS "won",
            COALESCE("t0"."closed_won", FALSE) OR COALESCE("t0"."is_closed", FALSE) AS "closed",
            NOT (
              COALESCE("t0"."closed_won", FALSE) OR COALESCE("t0"."is_closed", FALSE)
            )
            AND COALESCE(
              CASE
                WHEN CAST(NULLIF(CAST("t0"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) > 1
                THEN CAST(NULLIF(CAST("t0"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) >= CAST('4E+1' AS DECIMAL)
                ELSE CAST(NULLIF(CAST("t0"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) >= CAST('0.4' AS DECIMAL)
              END,
              FALSE
            ) AS "qualified",
            NOT (
              COALESCE("t0"."closed_won", FALSE) OR COALESCE("t0"."is_closed", FALSE)
            )
            AND COALESCE(
              CASE
                WHEN CAST(NULLIF(CAST("t0"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) > 1
                THEN CAST(NULLIF(CAST("t0"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) >= CAST('6E+1' AS DECIMAL)
                ELSE CAST(NULLIF(CAST("t0"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) >= CAST('0.6' AS DECIMAL)
              END,
              FALSE
            ) AS "negotiated"
          FROM "hubspot"."deal_pipeline_stage" AS "t0"
        ) AS "t10"
        GROUP BY
          1
      ) AS "t14"
        ON "t15"."own_stage_id" = "t14"."stage_id"
      LEFT OUTER JOIN (
        SELECT
          "t17"."id",
          MIN("t17"."at") FILTER(WHERE
            "t17"."won" OR "t17"."qualified") AS "qualified_at",
          MIN("t17"."at") FILTER(WHERE
            "t17"."won" OR "t17"."negotiated") AS "negotiated_at"
        FROM "t16" AS "t17"
        GROUP BY
          1
      ) AS "t20"
        ON "t15"."deal_id" = "t20"."id"
    ) AS "t22"
  ) AS "t24"
  LEFT OUTER JOIN (
    SELECT
      "t25"."id",
      MIN("t25"."at") AS "since",
      BOOL_OR("t25"."last_other" IS NOT NULL) AS "was_other"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t18"."id",
          "t18"."at",
          "t18"."holds",
          MAX(
            CASE
              WHEN NOT (
                "t18"."holds"
              )
              THEN "t18"."at"
              ELSE CAST(NULL AS TIMESTAMP(6))
            END
          ) OVER (PARTITION BY "t18"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
        FROM (
          SELECT
            "t17"."id",
            "t17"."at",
            "t17"."closed" AS "holds"
          FROM "t16" AS "t17"
        ) AS "t18"
      ) AS "t21"
      WHERE
        "t21"."holds"
        AND (
          (
            "t21"."last_other" IS NULL
          ) OR (
            "t21"."at" >= "t21"."last_other"
          )
        )
    ) AS "t25"
    GROUP BY
      1
  ) AS "t27"
    ON "t24"."deal_id" = "t27"."id"
) AS "t28"
WHERE
  (
    "t28"."negotiated_at" IS NOT NULL
  )
  OR "t28"."stage" IN ('opportunity', 'won')
