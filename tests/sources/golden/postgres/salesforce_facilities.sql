SELECT
  *
FROM (
  SELECT
    "t3"."id",
    "t3"."name",
    COALESCE("t3"."type", "t3"."industry") AS "type",
    "t3"."billing_city" AS "location",
    "t3"."created_date" AS "created_at",
    COALESCE("t3"."last_modified_date", "t3"."created_date") AS "updated_at"
  FROM (
    SELECT
      "t0"."id",
      "t0"."name",
      "t0"."type",
      "t0"."industry",
      "t0"."billing_city",
      "t0"."is_deleted",
      "t0"."created_date",
      "t0"."last_modified_date",
      "t0"."_fivetran_active",
      "t0"."_fivetran_start",
      ROW_NUMBER() OVER (
        PARTITION BY "t0"."id"
        ORDER BY "t0"."_fivetran_start" DESC NULLS LAST
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1 AS "place"
    FROM "salesforce"."account" AS "t0"
  ) AS "t3"
  WHERE
    "t3"."place" = 0
) AS "t4"
UNION ALL
SELECT
  *
FROM (
  SELECT
    "t1"."id",
    'No company' AS "name",
    CAST(NULL AS VARCHAR) AS "type",
    CAST(NULL AS VARCHAR) AS "location",
    CAST(NULL AS TIMESTAMP(6)) AS "created_at",
    CAST(NULL AS TIMESTAMP(6)) AS "updated_at"
  FROM (
    SELECT
      'unassigned' AS "id"
  ) AS "t1"
) AS "t2"
