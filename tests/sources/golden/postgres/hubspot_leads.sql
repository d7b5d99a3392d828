WITH "t15" AS (
  SELECT
    "t13"."stage_id",
    MIN("t13"."label") AS "stage_name",
    BOOL_OR("t13"."won") AS "won",
    BOOL_OR("t13"."closed") AS "closed",
    BOOL_OR("t13"."qualified") AS "qualified",
    BOOL_OR("t13"."negotiated") AS "negotiated"
  FROM (
    SELECT
      "t3"."stage_id",
      "t3"."label",
      COALESCE("t3"."closed_won", FALSE) AS "won",
      COALESCE("t3"."closed_won", FALSE) OR COALESCE("t3"."is_closed", FALSE) AS "closed",
      NOT (
        COALESCE("t3"."closed_won", FALSE) OR COALESCE("t3"."is_closed", FALSE)
      )
      AND COALESCE(
        CASE
          WHEN CAST(NULLIF(CAST("t3"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) > 1
          THEN CAST(NULLIF(CAST("t3"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) >= CAST('4E+1' AS DECIMAL)
          ELSE CAST(NULLIF(CAST("t3"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) >= CAST('0.4' AS DECIMAL)
        END,
        FALSE
      ) AS "qualified",
      NOT (
        COALESCE("t3"."closed_won", FALSE) OR COALESCE("t3"."is_closed", FALSE)
      )
      AND COALESCE(
        CASE
          WHEN CAST(NULLIF(CAST("t3"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) > 1
          THEN CAST(NULLIF(CAST("t3"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) >= CAST('6E+1' AS DECIMAL)
          ELSE CAST(NULLIF(CAST("t3"."probability" AS VARCHAR), '') AS DECIMAL(24, 6)) >= CAST('0.6' AS DECIMAL)
        END,
        FALSE
      ) AS "negotiated"
    FROM "hubspot"."deal_pipeline_stage" AS "t3"
  ) AS "t13"
  GROUP BY
    1
), "t20" AS (
  SELECT
    "t8"."id",
    "t8"."at",
    COALESCE("t19"."won", FALSE) AS "won",
    COALESCE("t19"."closed", FALSE) AS "closed",
    COALESCE("t19"."qualified", FALSE) AS "qualified",
    COALESCE("t19"."negotiated", FALSE) AS "negotiated"
  FROM (
    SELECT
      CAST("t4"."deal_id" AS VARCHAR) AS "id",
      COALESCE("t4"."date_entered", "t4"."_fivetran_start") AS "at",
      "t4"."value"
    FROM "hubspot"."deal_stage" AS "t4"
  ) AS "t8"
  LEFT OUTER JOIN "t15" AS "t19"
    ON "t8"."value" = "t19"."stage_id"
)
SELECT
  "t28"."deal_id" AS "id",
  "t28"."rep_id",
  COALESCE("t28"."stage_name", "t28"."own_stage_id", 'none') AS "status",
  CASE
    WHEN "t28"."own_stage_id" IS NULL
    THEN 'lead'
    WHEN "t28"."won"
    THEN 'won'
    WHEN "t28"."closed"
    THEN 'lost'
    WHEN "t28"."negotiated"
    THEN 'opportunity'
    WHEN "t28"."qualified"
    THEN 'sql'
    WHEN "t28"."closed" IS NOT NULL
    THEN 'lead'
    ELSE CAST(NULL AS VARCHAR)
  END AS "stage",
  "t28"."amount",
  "t28"."created_at",
  COALESCE(
    "t28"."changed_at",
    GREATEST(
      "t28"."created_at",
      CASE
        WHEN "t28"."closed"
        THEN COALESCE("t31"."since", "t28"."close_day")
        ELSE CAST(NULL AS TIMESTAMP(6))
      END
    )
  ) AS "updated_at",
  "t28"."qualified_at",
  CASE
    WHEN "t28"."closed"
    THEN COALESCE("t31"."since", "t28"."close_day")
    ELSE CAST(NULL AS TIMESTAMP(6))
  END AS "closed_at",
  COALESCE("t16"."company_id", 'unassigned') AS "facility_id"
FROM (
  SELECT
    "t26"."deal_id",
    "t26"."own_stage_id",
    "t26"."rep_id",
    "t26"."amount",
    "t26"."created_at",
    "t26"."changed_at",
    "t26"."close_day",
    "t26"."stage_id",
    "t26"."stage_name",
    "t26"."won",
    "t26"."closed",
    "t26"."qualified",
    "t26"."negotiated",
    "t26"."qualified_at",
    "t26"."negotiated_at"
  FROM (
    SELECT
      "t11"."deal_id",
      "t11"."own_stage_id",
      "t11"."rep_id",
      "t11"."amount",
      "t11"."created_at",
      "t11"."changed_at",
      "t11"."close_day",
      "t18"."stage_id",
      "t18"."stage_name",
      "t18"."won",
      "t18"."closed",
      "t18"."qualified",
      "t18"."negotiated",
      "t24"."id",
      "t24"."qualified_at",
      "t24"."negotiated_at"
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
    ) AS "t11"
    LEFT OUTER JOIN "t15" AS "t18"
      ON "t11"."own_stage_id" = "t18"."stage_id"
    LEFT OUTER JOIN (
      SELECT
        "t21"."id",
        MIN("t21"."at") FILTER(WHERE
          "t21"."won" OR "t21"."qualified") AS "qualified_at",
        MIN("t21"."at") FILTER(WHERE
          "t21"."won" OR "t21"."negotiated") AS "negotiated_at"
      FROM "t20" AS "t21"
      GROUP BY
        1
    ) AS "t24"
      ON "t11"."deal_id" = "t24"."id"
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
          "t11"."deal_id" = "t7"."merged_id"
      )
  ) AS "t26"
) AS "t28"
LEFT OUTER JOIN (
  SELECT
    "t29"."id",
    MIN("t29"."at") AS "since",
    BOOL_OR("t29"."last_other" IS NOT NULL) AS "was_other"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t22"."id",
        "t22"."at",
        "t22"."holds",
        MAX(
          CASE
            WHEN NOT (
              "t22"."holds"
            )
            THEN "t22"."at"
            ELSE CAST(NULL AS TIMESTAMP(6))
          END
        ) OVER (PARTITION BY "t22"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
      FROM (
        SELECT
          "t21"."id",
          "t21"."at",
          "t21"."closed" AS "holds"
        FROM "t20" AS "t21"
      ) AS "t22"
    ) AS "t25"
    WHERE
      "t25"."holds"
      AND (
        (
          "t25"."last_other" IS NULL
        ) OR (
          "t25"."at" >= "t25"."last_other"
        )
      )
  ) AS "t29"
  GROUP BY
    1
) AS "t31"
  ON "t28"."deal_id" = "t31"."id"
LEFT OUTER JOIN (
  SELECT
    "t12"."key" AS "deal_id",
    COALESCE("t12"."chosen", "t12"."lowest") AS "company_id"
  FROM (
    SELECT
      "t10"."key",
      MIN("t10"."company_id") FILTER(WHERE
        "t10"."primary") AS "chosen",
      MIN("t10"."company_id") AS "lowest"
    FROM (
      SELECT
        CAST("t1"."deal_id" AS VARCHAR) AS "key",
        CAST("t1"."company_id" AS VARCHAR) AS "company_id",
        FALSE OR (
          COALESCE(LOWER("t1"."category_label"), '') = 'primary'
        ) AS "primary"
      FROM "hubspot"."deal_company" AS "t1"
    ) AS "t10"
    GROUP BY
      1
  ) AS "t12"
) AS "t16"
  ON "t28"."deal_id" = "t16"."deal_id"
