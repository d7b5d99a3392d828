SELECT
  "t9"."rep_id",
  "t9"."facility_id",
  "t9"."channel",
  "t9"."month",
  "t9"."total_outreach",
  "t9"."total_responses",
  "t9"."total_conversions",
  "t9"."response_rate_pct",
  "t9"."conversion_rate_pct",
  "t9"."conversion_from_responses_pct",
  "t9"."conversion_lower_bound_pct",
  (
    RANK() OVER (
      PARTITION BY "t9"."rep_id", "t9"."facility_id", "t9"."month"
      ORDER BY "t9"."conversion_lower_bound_pct" DESC, "t9"."response_rate_pct" DESC
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) - 1
  ) + 1 AS "channel_effectiveness_rank"
FROM (
  SELECT
    "t8"."rep_id",
    "t8"."facility_id",
    "t8"."channel",
    "t8"."month",
    "t8"."total_outreach",
    "t8"."total_responses",
    "t8"."total_conversions",
    (
      CAST("t8"."total_responses" AS DOUBLE) * 100
    ) / NULLIF(CAST("t8"."total_outreach" AS DOUBLE), 0) AS "response_rate_pct",
    (
      CAST("t8"."total_conversions" AS DOUBLE) * 100
    ) / NULLIF(CAST("t8"."total_outreach" AS DOUBLE), 0) AS "conversion_rate_pct",
    (
      CAST("t8"."total_conversions" AS DOUBLE) * 100
    ) / NULLIF(CAST("t8"."total_responses" AS DOUBLE), 0) AS "conversion_from_responses_pct",
    CASE
      WHEN (
        "t8"."total_conversions" = 0
      ) AND (
        "t8"."total_outreach" > 0
      )
      THEN 0.0
      ELSE (
        (
          (
            CAST("t8"."total_conversions" AS DOUBLE) + 1.9208
          ) - (
            1.96 * SQRT(
              (
                (
                  CAST("t8"."total_conversions" AS DOUBLE) * (
                    NULLIF(CAST("t8"."total_outreach" AS DOUBLE), 0) - CAST("t8"."total_conversions" AS DOUBLE)
                  )
                ) / NULLIF(CAST("t8"."total_outreach" AS DOUBLE), 0)
              ) + 0.9604
            )
          )
        ) * 100
      ) / (
        NULLIF(CAST("t8"."total_outreach" AS DOUBLE), 0) + 3.8416
      )
    END AS "conversion_lower_bound_pct"
  FROM (
    SELECT
      "t7"."rep_id",
      "t7"."facility_id",
      "t7"."channel",
      "t7"."month",
      COUNT(*) AS "total_outreach",
      COUNT(*) FILTER(WHERE
        "t7"."response_received") AS "total_responses",
      COUNT(*) FILTER(WHERE
        "t7"."converted") AS "total_conversions"
    FROM (
      SELECT
        "t6"."outreach_id",
        "t6"."facility_id",
        "t6"."lead_id",
        COALESCE("t6"."rep_id", "t6"."lead_rep_id", 'unassigned') AS "rep_id",
        "t6"."channel",
        "t6"."message",
        "t6"."sent_at",
        "t6"."response_received",
        "t6"."responded_at",
        "t6"."converted",
        "t6"."created_at",
        "t6"."updated_at",
        "t6"."month",
        "t6"."owned_lead_id",
        "t6"."lead_rep_id"
      FROM (
        SELECT
          "t5"."outreach_id",
          "t5"."facility_id",
          "t5"."lead_id",
          "t5"."rep_id",
          "t5"."channel",
          "t5"."message",
          "t5"."sent_at",
          "t5"."response_received",
          "t5"."responded_at",
          "t5"."converted",
          "t5"."created_at",
          "t5"."updated_at",
          "t5"."month",
          "t3"."owned_lead_id",
          "t3"."lead_rep_id"
        FROM (
          SELECT
            "t0"."outreach_id",
            "t0"."facility_id",
            CASE WHEN "t0"."rep_id" IS NULL THEN "t0"."lead_id" ELSE CAST(NULL AS TEXT) END AS "lead_id",
            "t0"."rep_id",
            "t0"."channel",
            "t0"."message",
            "t0"."sent_at",
            "t0"."response_received",
            "t0"."responded_at",
            "t0"."converted",
            "t0"."created_at",
            "t0"."updated_at",
            "t0"."month"
          FROM "stg_outreach" AS "t0"
        ) AS "t5"
        LEFT OUTER JOIN (
          SELECT
            "t1"."lead_id" AS "owned_lead_id",
            "t1"."rep_id" AS "lead_rep_id"
          FROM "stg_leads" AS "t1"
        ) AS "t3"
          ON "t5"."lead_id" = "t3"."owned_lead_id"
      ) AS "t6"
    ) AS "t7"
    GROUP BY
      1,
      2,
      3,
      4
  ) AS "t8"
) AS "t9"
