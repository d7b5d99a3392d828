SELECT
  "t2"."facility_id",
  "t2"."priority",
  "t2"."month",
  "t2"."total_tickets",
  "t2"."resolved_tickets",
  "t2"."open_tickets",
  "t2"."sla_compliant_tickets",
  "t2"."sla_breached_tickets",
  "t2"."sla_pending_tickets",
  "t2"."targets_decided",
  "t2"."targets_met",
  "t2"."sla_response_target_hours",
  "t2"."sla_resolution_target_hours",
  "t2"."avg_first_response_hours",
  "t2"."median_first_response_hours",
  "t2"."p90_first_response_hours",
  "t2"."max_first_response_hours",
  "t2"."avg_resolution_hours",
  "t2"."median_resolution_hours",
  "t2"."p90_resolution_hours",
  "t2"."max_resolution_hours",
  "t2"."avg_first_response_business_hours",
  "t2"."median_first_response_business_hours",
  "t2"."p90_first_response_business_hours",
  "t2"."avg_resolution_business_hours",
  "t2"."median_resolution_business_hours",
  "t2"."p90_resolution_business_hours",
  CAST((
    CAST("t2"."sla_compliant_tickets" AS DOUBLE PRECISION) * 100
  ) AS DOUBLE PRECISION) / NULLIF(
    CAST("t2"."sla_compliant_tickets" + "t2"."sla_breached_tickets" AS DOUBLE PRECISION),
    0
  ) AS "sla_compliance_rate_pct",
  CAST((
    CAST("t2"."targets_met" AS DOUBLE PRECISION) * 100
  ) AS DOUBLE PRECISION) / NULLIF(CAST("t2"."targets_decided" AS DOUBLE PRECISION), 0) AS "sla_attainment_pct"
FROM (
  SELECT
    "t1"."facility_id",
    "t1"."priority",
    "t1"."month",
    COUNT(*) AS "total_tickets",
    COUNT("t1"."resolved_at") AS "resolved_tickets",
    COUNT(*) FILTER(WHERE
      "t1"."resolved_at" IS NULL) AS "open_tickets",
    COUNT(*) FILTER(WHERE
      "t1"."sla_state" = 'met') AS "sla_compliant_tickets",
    COUNT(*) FILTER(WHERE
      "t1"."sla_state" = 'breached') AS "sla_breached_tickets",
    COUNT(*) FILTER(WHERE
      "t1"."sla_state" = 'pending') AS "sla_pending_tickets",
    COALESCE(SUM(CAST(CAST("t1"."response_state" <> 'pending' AS INT) AS BIGINT)), 0) + COALESCE(SUM(CAST(CAST("t1"."resolution_state" <> 'pending' AS INT) AS BIGINT)), 0) AS "targets_decided",
    COALESCE(SUM(CAST(CAST("t1"."response_state" = 'met' AS INT) AS BIGINT)), 0) + COALESCE(SUM(CAST(CAST("t1"."resolution_state" = 'met' AS INT) AS BIGINT)), 0) AS "targets_met",
    MAX("t1"."sla_response_target_hours") AS "sla_response_target_hours",
    MAX("t1"."sla_resolution_target_hours") AS "sla_resolution_target_hours",
    CAST(SUM("t1"."first_response_microseconds") AS DOUBLE PRECISION) / NULLIF(
      CAST(COUNT("t1"."first_response_microseconds") * 3600000000 AS DOUBLE PRECISION),
      0
    ) AS "avg_first_response_hours",
    CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
      "t1"."first_response_microseconds") AS DOUBLE PRECISION) / 3600000000.0 AS "median_first_response_hours",
    CAST(PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY
      "t1"."first_response_microseconds") AS DOUBLE PRECISION) / 3600000000.0 AS "p90_first_response_hours",
    CAST(MAX("t1"."first_response_microseconds") AS DOUBLE PRECISION) / 3600000000.0 AS "max_first_response_hours",
    CAST(SUM("t1"."resolution_microseconds") AS DOUBLE PRECISION) / NULLIF(CAST(COUNT("t1"."resolution_microseconds") * 3600000000 AS DOUBLE PRECISION), 0) AS "avg_resolution_hours",
    CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
      "t1"."resolution_microseconds") AS DOUBLE PRECISION) / 3600000000.0 AS "median_resolution_hours",
    CAST(PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY
      "t1"."resolution_microseconds") AS DOUBLE PRECISION) / 3600000000.0 AS "p90_resolution_hours",
    CAST(MAX("t1"."resolution_microseconds") AS DOUBLE PRECISION) / 3600000000.0 AS "max_resolution_hours",
    CAST(SUM("t1"."first_response_microseconds") AS DOUBLE PRECISION) / NULLIF(
      CAST(COUNT("t1"."first_response_microseconds") * 3600000000 AS DOUBLE PRECISION),
      0
    ) AS "avg_first_response_business_hours",
    CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
      "t1"."first_response_microseconds") AS DOUBLE PRECISION) / 3600000000.0 AS "median_first_response_business_hours",
    CAST(PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY
      "t1"."first_response_microseconds") AS DOUBLE PRECISION) / 3600000000.0 AS "p90_first_response_business_hours",
    CAST(SUM("t1"."resolution_microseconds") AS DOUBLE PRECISION) / NULLIF(CAST(COUNT("t1"."resolution_microseconds") * 3600000000 AS DOUBLE PRECISION), 0) AS "avg_resolution_business_hours",
    CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
      "t1"."resolution_microseconds") AS DOUBLE PRECISION) / 3600000000.0 AS "median_resolution_business_hours",
    CAST(PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY
      "t1"."resolution_microseconds") AS DOUBLE PRECISION) / 3600000000.0 AS "p90_resolution_business_hours"
  FROM (
    SELECT
      "t0"."ticket_id",
      "t0"."facility_id",
      "t0"."priority",
      "t0"."month",
      "t0"."created_at",
      "t0"."first_response_at",
      "t0"."resolved_at",
      "t0"."sla_response_target_hours",
      "t0"."sla_resolution_target_hours",
      "t0"."response_due_at",
      "t0"."resolution_due_at",
      "t0"."first_response_hours",
      "t0"."resolution_hours",
      "t0"."first_response_business_hours",
      "t0"."resolution_business_hours",
      "t0"."is_paused",
      "t0"."response_state",
      "t0"."resolution_state",
      "t0"."sla_state",
      "t0"."hours_left",
      CAST(EXTRACT(epoch FROM CAST("t0"."first_response_at" AS TIMESTAMP) - CAST("t0"."created_at" AS TIMESTAMP)) * 1000000 AS BIGINT) AS "first_response_microseconds",
      CAST(EXTRACT(epoch FROM CAST("t0"."resolved_at" AS TIMESTAMP) - CAST("t0"."created_at" AS TIMESTAMP)) * 1000000 AS BIGINT) AS "resolution_microseconds"
    FROM "ticket_sla" AS "t0"
    OFFSET '0'
  ) AS "t1"
  GROUP BY
    1,
    2,
    3
) AS "t2"
