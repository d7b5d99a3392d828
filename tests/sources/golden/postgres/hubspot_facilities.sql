SELECT
  *
FROM (
  SELECT
    CAST("t0"."id" AS VARCHAR) AS "id",
    COALESCE("t0"."property_name", CAST("t0"."id" AS VARCHAR)) AS "name",
    "t0"."property_industry" AS "type",
    "t0"."property_city" AS "location",
    "t0"."property_createdate" AS "created_at",
    COALESCE(CAST(NULL AS TIMESTAMP(6)), "t0"."property_createdate") AS "updated_at"
  FROM "hubspot"."company" AS "t0"
) AS "t3"
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
