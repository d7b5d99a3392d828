SELECT
  CAST("t5"."id" AS TEXT) AS "id",
  COALESCE("t3"."facility_id", 'unassigned') AS "facility_id",
  'csat' AS "survey_type",
  CAST(CASE
    WHEN STARTS_WITH(COALESCE(LOWER(TRIM("t5"."score", ' 	
')), ''), 'good')
    THEN 5
    ELSE 1
  END AS BIGINT) AS "score",
  COALESCE("t5"."updated_at", "t5"."created_at") AS "created_at",
  "t5"."comment" AS "feedback"
FROM (
  SELECT
    "t0"."id",
    "t0"."ticket_id",
    "t0"."score",
    "t0"."comment",
    "t0"."created_at",
    "t0"."updated_at",
    CAST("t0"."ticket_id" AS TEXT) AS "rated_id"
  FROM "zendesk"."satisfaction_rating" AS "t0"
  WHERE
    STARTS_WITH(COALESCE(LOWER(TRIM("t0"."score", ' 	
')), ''), 'good')
    OR STARTS_WITH(COALESCE(LOWER(TRIM("t0"."score", ' 	
')), ''), 'bad')
) AS "t5"
LEFT OUTER JOIN (
  SELECT
    CAST("t1"."id" AS TEXT) AS "ticket_id",
    COALESCE(CAST("t1"."organization_id" AS TEXT), 'unassigned') AS "facility_id"
  FROM "zendesk"."ticket" AS "t1"
) AS "t3"
  ON "t5"."rated_id" = "t3"."ticket_id"
