SELECT
  "t3"."ticket_id",
  "t3"."facility_id",
  "t3"."priority",
  "t3"."month",
  "t3"."created_at",
  "t3"."first_response_at",
  CASE "t3"."priority"
    WHEN 'critical'
    THEN 1.0
    WHEN 'high'
    THEN 2.0
    WHEN 'medium'
    THEN 4.0
    WHEN 'low'
    THEN 8.0
    ELSE NULL
  END AS "sla_response_target_hours",
  CASE "t3"."priority"
    WHEN 'critical'
    THEN 4.0
    WHEN 'high'
    THEN 24.0
    WHEN 'medium'
    THEN 72.0
    WHEN 'low'
    THEN 120.0
    ELSE NULL
  END AS "sla_resolution_target_hours",
  "t3"."response_due_at",
  "t3"."resolution_due_at",
  CAST(DATE_DIFF('MICROSECOND', "t3"."created_at", "t3"."first_response_at") AS DOUBLE) / 3600000000.0 AS "first_response_hours",
  CAST(DATE_DIFF('MICROSECOND', "t3"."created_at", "t3"."first_response_at") AS DOUBLE) / 3600000000.0 AS "first_response_business_hours",
  FALSE AS "is_paused",
  "t3"."response_state",
  "t3"."resolution_state",
  "t3"."sla_state",
  CASE
    WHEN "t3"."sla_state" = 'pending'
    THEN CAST(DATE_DIFF(
      'MICROSECOND',
      CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6)),
      "t3"."next_due_at"
    ) AS DOUBLE) / 3600000000.0
    ELSE CAST(NULL AS DOUBLE)
  END AS "hours_left",
  CAST(DATE_DIFF('MICROSECOND', "t3"."created_at", CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))) AS DOUBLE) / 3600000000.0 AS "age_hours"
FROM (
  SELECT
    "t2"."ticket_id",
    "t2"."facility_id",
    "t2"."priority",
    "t2"."status",
    "t2"."created_at",
    "t2"."first_response_at",
    "t2"."resolved_at",
    "t2"."updated_at",
    "t2"."month",
    "t2"."response_due_at",
    "t2"."resolution_due_at",
    "t2"."response_state",
    "t2"."resolution_state",
    CASE
      WHEN (
        "t2"."response_state" = 'breached'
      )
      OR (
        "t2"."resolution_state" = 'breached'
      )
      THEN 'breached'
      WHEN (
        "t2"."response_state" = 'met'
      ) AND (
        "t2"."resolution_state" = 'met'
      )
      THEN 'met'
      ELSE 'pending'
    END AS "sla_state",
    LEAST(
      CASE
        WHEN "t2"."response_state" = 'pending'
        THEN "t2"."response_due_at"
        ELSE CAST(NULL AS TIMESTAMP(6))
      END,
      CASE
        WHEN "t2"."resolution_state" = 'pending'
        THEN "t2"."resolution_due_at"
        ELSE CAST(NULL AS TIMESTAMP(6))
      END
    ) AS "next_due_at"
  FROM (
    SELECT
      "t1"."ticket_id",
      "t1"."facility_id",
      "t1"."priority",
      "t1"."status",
      "t1"."created_at",
      "t1"."first_response_at",
      "t1"."resolved_at",
      "t1"."updated_at",
      "t1"."month",
      "t1"."response_due_at",
      "t1"."resolution_due_at",
      CASE
        WHEN LEAST("t1"."first_response_at", "t1"."resolved_at") <= "t1"."response_due_at"
        THEN 'met'
        WHEN LEAST("t1"."first_response_at", "t1"."resolved_at") > "t1"."response_due_at"
        THEN 'breached'
        WHEN "t1"."response_due_at" < CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
        THEN 'breached'
        ELSE 'pending'
      END AS "response_state",
      CASE
        WHEN "t1"."resolved_at" <= "t1"."resolution_due_at"
        THEN 'met'
        WHEN "t1"."resolved_at" > "t1"."resolution_due_at"
        THEN 'breached'
        WHEN "t1"."resolution_due_at" < CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
        THEN 'breached'
        ELSE 'pending'
      END AS "resolution_state"
    FROM (
      SELECT
        "t0"."ticket_id",
        "t0"."facility_id",
        "t0"."priority",
        "t0"."status",
        "t0"."created_at",
        CASE
          WHEN "t0"."first_response_at" <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
          THEN "t0"."first_response_at"
          ELSE CAST(NULL AS TIMESTAMP(6))
        END AS "first_response_at",
        CASE
          WHEN "t0"."resolved_at" <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
          THEN "t0"."resolved_at"
          ELSE CAST(NULL AS TIMESTAMP(6))
        END AS "resolved_at",
        "t0"."updated_at",
        "t0"."month",
        CASE "t0"."priority"
          WHEN 'critical'
          THEN "t0"."created_at" + INTERVAL '3600000000' MICROSECOND
          WHEN 'high'
          THEN "t0"."created_at" + INTERVAL '7200000000' MICROSECOND
          WHEN 'medium'
          THEN "t0"."created_at" + INTERVAL '14400000000' MICROSECOND
          WHEN 'low'
          THEN "t0"."created_at" + INTERVAL '28800000000' MICROSECOND
          ELSE NULL
        END AS "response_due_at",
        CASE "t0"."priority"
          WHEN 'critical'
          THEN "t0"."created_at" + INTERVAL '14400000000' MICROSECOND
          WHEN 'high'
          THEN "t0"."created_at" + INTERVAL '86400000000' MICROSECOND
          WHEN 'medium'
          THEN "t0"."created_at" + INTERVAL '259200000000' MICROSECOND
          WHEN 'low'
          THEN "t0"."created_at" + INTERVAL '432000000000' MICROSECOND
          ELSE NULL
        END AS "resolution_due_at"
      FROM "stg_tickets" AS "t0"
      WHERE
        CASE
          WHEN "t0"."resolved_at" <= CAST('2024-03-01 00:00:00.000000' AS TIMESTAMP(6))
          THEN "t0"."resolved_at"
          ELSE CAST(NULL AS TIMESTAMP(6))
        END IS NULL
    ) AS "t1"
  ) AS "t2"
) AS "t3"
