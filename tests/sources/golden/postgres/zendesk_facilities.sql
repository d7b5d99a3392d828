SELECT
  *
FROM (
  SELECT
    CAST("t0"."id" AS VARCHAR) AS "id",
    "t0"."name",
    CAST(NULL AS VARCHAR) AS "type",
    CAST(NULL AS VARCHAR) AS "location",
    "t0"."created_at",
    COALESCE("t0"."updated_at", "t0"."created_at") AS "updated_at"
  FROM "zendesk"."organization" AS "t0"
) AS "t2"
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
) AS "t3"
