WITH "t21" AS (
  SELECT
    "t9"."id",
    "t9"."at",
    COALESCE("t19"."won", FALSE) AS "won",
    COALESCE("t19"."closed", FALSE) AS "closed",
    COALESCE("t19"."qualified", FALSE) AS "qualified",
    COALESCE("t19"."negotiated", FALSE) AS "negotiated"
  FROM (
    SELECT
      CAST("t4"."deal_id" AS TEXT) AS "id",
      COALESCE("t4"."date_entered", "t4"."_fivetran_start") AS "at",
      "t4"."value"
    FROM "hubspot"."deal_stage" AS "t4"
  ) AS "t9"
  LEFT OUTER JOIN (
    SELECT
      "t13"."stage_id",
      MIN("t13"."label") AS "stage_name",
      BOOL_OR(CAST("t13"."won" AS BOOLEAN)) AS "won",
      BOOL_OR(CAST("t13"."closed" AS BOOLEAN)) AS "closed",
      BOOL_OR(CAST("t13"."qualified" AS BOOLEAN)) AS "qualified",
      BOOL_OR(CAST("t13"."negotiated" AS BOOLEAN)) AS "negotiated"
    FROM (
      SELECT
        "t1"."stage_id",
        "t1"."label",
        COALESCE("t1"."closed_won", FALSE) AS "won",
        COALESCE("t1"."closed_won", FALSE) OR COALESCE("t1"."is_closed", FALSE) AS "closed",
        NOT (
          COALESCE("t1"."closed_won", FALSE) OR COALESCE("t1"."is_closed", FALSE)
        )
        AND COALESCE(
          CASE
            WHEN CAST(NULLIF(CAST("t1"."probability" AS TEXT), '') AS DECIMAL(24, 6)) > 1
            THEN CAST(NULLIF(CAST("t1"."probability" AS TEXT), '') AS DECIMAL(24, 6)) >= CAST(4E+1 AS DECIMAL(18, 3))
            ELSE CAST(NULLIF(CAST("t1"."probability" AS TEXT), '') AS DECIMAL(24, 6)) >= CAST(0.4 AS DECIMAL(18, 3))
          END,
          FALSE
        ) AS "qualified",
        NOT (
          COALESCE("t1"."closed_won", FALSE) OR COALESCE("t1"."is_closed", FALSE)
        )
        AND COALESCE(
          CASE
            WHEN CAST(NULLIF(CAST("t1"."probability" AS TEXT), '') AS DECIMAL(24, 6)) > 1
            THEN CAST(NULLIF(CAST("t1"."probability" AS TEXT), '') AS DECIMAL(24, 6)) >= CAST(6E+1 AS DECIMAL(18, 3))
            ELSE CAST(NULLIF(CAST("t1"."probability" AS TEXT), '') AS DECIMAL(24, 6)) >= CAST(0.6 AS DECIMAL(18, 3))
          END,
          FALSE
        ) AS "negotiated"
      FROM "hubspot"."deal_pipeline_stage" AS "t1"
    ) AS "t13"
    GROUP BY
      1
  ) AS "t19"
    ON "t9"."value" = "t19"."stage_id"
)
SELECT
  "t29"."deal_id" AS "id",
  COALESCE(CAST("t29"."owner_id" AS TEXT), 'unassigned') AS "rep_id",
  COALESCE("t29"."stage_name", "t29"."own_stage_id", 'none') AS "status",
  CASE
    WHEN "t29"."own_stage_id" IS NULL
    THEN 'lead'
    WHEN "t29"."won"
    THEN 'won'
    WHEN "t29"."closed"
    THEN 'lost'
    WHEN "t29"."negotiated"
    THEN 'opportunity'
    WHEN "t29"."qualified"
    THEN 'sql'
    WHEN "t29"."closed" IS NOT NULL
    THEN 'lead'
    ELSE CAST(NULL AS TEXT)
  END AS "stage",
  COALESCE(CAST(NULLIF(CAST("t29"."property_amount" AS TEXT), '') AS DECIMAL(24, 6)), 0) AS "amount",
  "t29"."property_createdate" AS "created_at",
  COALESCE(
    CAST(NULL AS TIMESTAMP(6)),
    GREATEST(
      "t29"."property_createdate",
      CASE
        WHEN "t29"."closed"
        THEN COALESCE("t32"."since", "t29"."property_closedate")
        ELSE CAST(NULL AS TIMESTAMP(6))
      END
    )
  ) AS "updated_at",
  "t29"."qualified_at",
  CASE
    WHEN "t29"."closed"
    THEN COALESCE("t32"."since", "t29"."property_closedate")
    ELSE CAST(NULL AS TIMESTAMP(6))
  END AS "closed_at",
  COALESCE("t18"."company_id", 'unassigned') AS "facility_id"
FROM (
  SELECT
    "t27".*
    EXCLUDE ("id")
  FROM (
    SELECT
      "t20"."deal_id",
      "t20"."is_deleted",
      "t20"."deal_pipeline_stage_id",
      "t20"."owner_id",
      "t20"."property_amount",
      "t20"."property_closedate",
      "t20"."property_createdate",
      "t20"."own_stage_id",
      "t19"."stage_id",
      "t19"."stage_name",
      "t19"."won",
      "t19"."closed",
      "t19"."qualified",
      "t19"."negotiated",
      "t25"."id",
      "t25"."qualified_at",
      "t25"."negotiated_at"
    FROM (
      SELECT
        "t14"."deal_id",
        "t14"."is_deleted",
        "t14"."deal_pipeline_stage_id",
        "t14"."owner_id",
        "t14"."property_amount",
        "t14"."property_closedate",
        "t14"."property_createdate",
        NULLIF("t14"."deal_pipeline_stage_id", '') AS "own_stage_id"
      FROM (
        SELECT
          "t10"."deal_id",
          "t10"."is_deleted",
          "t10"."deal_pipeline_stage_id",
          "t10"."owner_id",
          "t10"."property_amount",
          "t10"."property_closedate",
          "t10"."property_createdate"
        FROM (
          SELECT
            CAST("t2"."deal_id" AS TEXT) AS "deal_id",
            "t2"."is_deleted",
            "t2"."deal_pipeline_stage_id",
            "t2"."owner_id",
            "t2"."property_amount",
            "t2"."property_closedate",
            "t2"."property_createdate"
          FROM "hubspot"."deal" AS "t2"
          WHERE
            COALESCE("t2"."is_deleted", FALSE) = FALSE
        ) AS "t10"
        ANTI JOIN (
          SELECT
            CAST("t3"."merged_deal_id" AS TEXT) AS "merged_id"
          FROM "hubspot"."merged_deal" AS "t3"
        ) AS "t8"
          ON "t10"."deal_id" = "t8"."merged_id"
      ) AS "t14"
    ) AS "t20"
    LEFT OUTER JOIN (
      SELECT
        "t13"."stage_id",
        MIN("t13"."label") AS "stage_name",
        BOOL_OR(CAST("t13"."won" AS BOOLEAN)) AS "won",
        BOOL_OR(CAST("t13"."closed" AS BOOLEAN)) AS "closed",
        BOOL_OR(CAST("t13"."qualified" AS BOOLEAN)) AS "qualified",
        BOOL_OR(CAST("t13"."negotiated" AS BOOLEAN)) AS "negotiated"
      FROM (
        SELECT
          "t1"."stage_id",
          "t1"."label",
          COALESCE("t1"."closed_won", FALSE) AS "won",
          COALESCE("t1"."closed_won", FALSE) OR COALESCE("t1"."is_closed", FALSE) AS "closed",
          NOT (
            COALESCE("t1"."closed_won", FALSE) OR COALESCE("t1"."is_closed", FALSE)
          )
          AND COALESCE(
            CASE
              WHEN CAST(NULLIF(CAST("t1"."probability" AS TEXT), '') AS DECIMAL(24, 6)) > 1
              THEN CAST(NULLIF(CAST("t1"."probability" AS TEXT), '') AS DECIMAL(24, 6)) >= CAST(4E+1 AS DECIMAL(18, 3))
              ELSE CAST(NULLIF(CAST("t1"."probability" AS TEXT), '') AS DECIMAL(24, 6)) >= CAST(0.4 AS DECIMAL(18, 3))
            END,
            FALSE
          ) AS "qualified",
          NOT (
            COALESCE("t1"."closed_won", FALSE) OR COALESCE("t1"."is_closed", FALSE)
          )
          AND COALESCE(
            CASE
              WHEN CAST(NULLIF(CAST("t1"."probability" AS TEXT), '') AS DECIMAL(24, 6)) > 1
              THEN CAST(NULLIF(CAST("t1"."probability" AS TEXT), '') AS DECIMAL(24, 6)) >= CAST(6E+1 AS DECIMAL(18, 3))
              ELSE CAST(NULLIF(CAST("t1"."probability" AS TEXT), '') AS DECIMAL(24, 6)) >= CAST(0.6 AS DECIMAL(18, 3))
            END,
            FALSE
          ) AS "negotiated"
        FROM "hubspot"."deal_pipeline_stage" AS "t1"
      ) AS "t13"
      GROUP BY
        1
    ) AS "t19"
      ON "t20"."own_stage_id" = "t19"."stage_id"
    LEFT OUTER JOIN (
      SELECT
        "t22"."id",
        MIN("t22"."at") FILTER(WHERE
          "t22"."won" OR "t22"."qualified") AS "qualified_at",
        MIN("t22"."at") FILTER(WHERE
          "t22"."won" OR "t22"."negotiated") AS "negotiated_at"
      FROM "t21" AS "t22"
      GROUP BY
        1
    ) AS "t25"
      ON "t20"."deal_id" = "t25"."id"
  ) AS "t27"
) AS "t29"
LEFT OUTER JOIN (
  SELECT
    "t30"."id",
    MIN("t30"."at") AS "since",
    BOOL_OR(CAST("t30"."last_other" IS NOT NULL AS BOOLEAN)) AS "was_other"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t23"."id",
        "t23"."at",
        "t23"."holds",
        MAX(
          CASE
            WHEN NOT (
              "t23"."holds"
            )
            THEN "t23"."at"
            ELSE CAST(NULL AS TIMESTAMP(6))
          END
        ) OVER (PARTITION BY "t23"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "last_other"
      FROM (
        SELECT
          "t22"."id",
          "t22"."at",
          "t22"."closed" AS "holds"
        FROM "t21" AS "t22"
      ) AS "t23"
    ) AS "t26"
    WHERE
      "t26"."holds"
      AND (
        (
          "t26"."last_other" IS NULL
        ) OR (
          "t26"."at" >= "t26"."last_other"
        )
      )
  ) AS "t30"
  GROUP BY
    1
) AS "t32"
  ON "t29"."deal_id" = "t32"."id"
LEFT OUTER JOIN (
  SELECT
    "t12"."key" AS "deal_id",
    COALESCE("t12"."chosen", "t12"."lowest") AS "company_id"
  FROM (
    SELECT
      "t11"."key",
      MIN("t11"."company_id") FILTER(WHERE
        "t11"."primary") AS "chosen",
      MIN("t11"."company_id") AS "lowest"
    FROM (
      SELECT
        CAST("t0"."deal_id" AS TEXT) AS "key",
        CAST("t0"."company_id" AS TEXT) AS "company_id",
        FALSE OR (
          COALESCE(LOWER("t0"."category_label"), '') = 'primary'
        ) AS "primary"
      FROM "hubspot"."deal_company" AS "t0"
    ) AS "t11"
    GROUP BY
      1
  ) AS "t12"
) AS "t18"
  ON "t29"."deal_id" = "t18"."deal_id"
