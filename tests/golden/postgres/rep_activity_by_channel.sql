SELECT
  "t8"."rep_id",
  "t8"."facility_id",
  "t8"."channel",
  "t8"."month",
  "t8"."total_outreach",
  "t8"."total_responses",
  "t8"."total_conversions",
  "t8"."response_rate_pct",
  "t8"."conversion_rate_pct",
  "t8"."conversion_from_responses_pct",
  "t8"."conversion_lower_bound_pct",
  (
    RANK() OVER (
      PARTITION BY "t8"."rep_id", "t8"."facility_id", "t8"."month"
      ORDER BY "t8"."conversion_lower_bound_pct" DESC NULLS LAST, "t8"."response_rate_pct" DESC NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) - 1
  ) + 1 AS "channel_effectiveness_rank"
FROM (
  SELECT
    "t7"."rep_id",
    "t7"."facility_id",
    "t7"."channel",
    "t7"."month",
    "t7"."total_outreach",
    "t7"."total_responses",
    "t7"."total_conversions",
    CAST((
      CAST("t7"."total_responses" AS DOUBLE PRECISION) * 100
    ) AS DOUBLE PRECISION) / NULLIF(CAST("t7"."total_outreach" AS DOUBLE PRECISION), 0) AS "response_rate_pct",
    CAST((
      CAST("t7"."total_conversions" AS DOUBLE PRECISION) * 100
    ) AS DOUBLE PRECISION) / NULLIF(CAST("t7"."total_outreach" AS DOUBLE PRECISION), 0) AS "conversion_rate_pct",
    CAST((
      CAST("t7"."total_conversions" AS DOUBLE PRECISION) * 100
    ) AS DOUBLE PRECISION) / NULLIF(CAST("t7"."total_responses" AS DOUBLE PRECISION), 0) AS "conversion_from_responses_pct",
    CASE
      WHEN (
        "t7"."total_conversions" = 0
      ) AND (
        "t7"."total_outreach" > 0
      )
      THEN 0.0
      ELSE CAST((
        (
          (
            CAST("t7"."total_conversions" AS DOUBLE PRECISION) + 1.9208
          ) - (
            1.96 * SQRT(
              (
                CAST((
                  CAST("t7"."total_conversions" AS DOUBLE PRECISION) * (
                    NULLIF(CAST("t7"."total_outreach" AS DOUBLE PRECISION), 0) - CAST("t7"."total_conversions" AS DOUBLE PRECISION)
                  )
                ) AS DOUBLE PRECISION) / NULLIF(CAST("t7"."total_outreach" AS DOUBLE PRECISION), 0)
              ) + 0.9604
            )
          )
        ) * 100
      ) AS DOUBLE PRECISION) / (
        NULLIF(CAST("t7"."total_outreach" AS DOUBLE PRECISION), 0) + 3.8416
      )
    END AS "conversion_lower_bound_pct"
  FROM (
    SELECT
      "t6"."rep_id",
      "t6"."facility_id",
      "t6"."channel",
      "t6"."month",
      COUNT(*) AS "total_outreach",
      COUNT(*) FILTER(WHERE
        "t6"."response_received") AS "total_responses",
      COUNT(*) FILTER(WHERE
        "t6"."converted") AS "total_conversions"
    FROM (
      SELECT
        "t5"."outreach_id",
        "t5"."facility_id",
        "t5"."lead_id",
        COALESCE("t5"."rep_id", "t5"."lead_rep_id", 'unassigned') AS "rep_id",
        "t5"."channel",
        "t5"."message",
        "t5"."sent_at",
        "t5"."response_received",
        "t5"."responded_at",
        "t5"."converted",
        "t5"."created_at",
        "t5"."updated_at",
        "t5"."month",
        "t5"."lead_id_right",
        "t5"."lead_rep_id"
      FROM (
        SELECT
          "t2"."outreach_id",
          "t2"."facility_id",
          "t2"."lead_id",
          "t2"."rep_id",
          "t2"."channel",
          "t2"."message",
          "t2"."sent_at",
          "t2"."response_received",
          "t2"."responded_at",
          "t2"."converted",
          "t2"."created_at",
          "t2"."updated_at",
          "t2"."month",
          "t4"."lead_id" AS "lead_id_right",
          "t4"."lead_rep_id"
        FROM "stg_outreach" AS "t2"
        LEFT OUTER JOIN (
          SELECT
            "t1"."lead_id",
            "t1"."rep_id" AS "lead_rep_id"
          FROM "stg_leads" AS "t1"
        ) AS "t4"
          ON "t2"."lead_id" = "t4"."lead_id"
      ) AS "t5"
    ) AS "t6"
    GROUP BY
      1,
      2,
      3,
      4
  ) AS "t7"
) AS "t8"
