SELECT
  "t1"."facility_id",
  "t1"."month",
  "t1"."total_invoices",
  CAST(CAST(ROUND(CAST("t1"."paid" AS DECIMAL), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "total_revenue",
  CAST(CAST(CASE
    WHEN "t1"."paid" < 0
    THEN -(
      CAST((
        CAST(ABS("t1"."paid") * 1000000 AS DECIMAL(38, 0)) - (
          CAST(CAST(ABS("t1"."paid") * 1000000 AS DECIMAL(38, 0)) AS DECIMAL) % CAST(CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0)) AS DECIMAL)
        )
      ) / CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0)) AS BIGINT) + CAST((
        (
          CAST(ABS("t1"."paid") * 1000000 AS DECIMAL(38, 0)) - (
            CAST(CAST(ABS("t1"."paid") * 1000000 AS DECIMAL(38, 0)) AS DECIMAL) % CAST(CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0)) AS DECIMAL)
          )
        ) - (
          CAST(CAST((
            CAST(ABS("t1"."paid") * 1000000 AS DECIMAL(38, 0)) - (
              CAST(CAST(ABS("t1"."paid") * 1000000 AS DECIMAL(38, 0)) AS DECIMAL) % CAST(CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0)) AS DECIMAL)
            )
          ) / CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0)) AS BIGINT) AS DECIMAL(38, 0)) * CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0))
        )
      ) / CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0)) AS BIGINT) + CASE
        WHEN (
          (
            CAST(CAST(ABS("t1"."paid") * 1000000 AS DECIMAL(38, 0)) AS DECIMAL) % CAST(CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0)) AS DECIMAL)
          ) + (
            CAST(CAST(ABS("t1"."paid") * 1000000 AS DECIMAL(38, 0)) AS DECIMAL) % CAST(CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0)) AS DECIMAL)
          )
        ) >= CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0))
        THEN 1
        ELSE 0
      END
    )
    ELSE CAST((
      CAST(ABS("t1"."paid") * 1000000 AS DECIMAL(38, 0)) - (
        CAST(CAST(ABS("t1"."paid") * 1000000 AS DECIMAL(38, 0)) AS DECIMAL) % CAST(CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0)) AS DECIMAL)
      )
    ) / CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0)) AS BIGINT) + CAST((
      (
        CAST(ABS("t1"."paid") * 1000000 AS DECIMAL(38, 0)) - (
          CAST(CAST(ABS("t1"."paid") * 1000000 AS DECIMAL(38, 0)) AS DECIMAL) % CAST(CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0)) AS DECIMAL)
        )
      ) - (
        CAST(CAST((
          CAST(ABS("t1"."paid") * 1000000 AS DECIMAL(38, 0)) - (
            CAST(CAST(ABS("t1"."paid") * 1000000 AS DECIMAL(38, 0)) AS DECIMAL) % CAST(CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0)) AS DECIMAL)
          )
        ) / CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0)) AS BIGINT) AS DECIMAL(38, 0)) * CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0))
      )
    ) / CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0)) AS BIGINT) + CASE
      WHEN (
        (
          CAST(CAST(ABS("t1"."paid") * 1000000 AS DECIMAL(38, 0)) AS DECIMAL) % CAST(CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0)) AS DECIMAL)
        ) + (
          CAST(CAST(ABS("t1"."paid") * 1000000 AS DECIMAL(38, 0)) AS DECIMAL) % CAST(CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0)) AS DECIMAL)
        )
      ) >= CAST(NULLIF("t1"."total_invoices", 0) * 10000 AS DECIMAL(38, 0))
      THEN 1
      ELSE 0
    END
  END AS DECIMAL(38, 2)) * CAST('0.01' AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "avg_revenue_per_invoice",
  CAST(CAST(ROUND(CAST("t1"."pending" AS DECIMAL), 2) AS DECIMAL(38, 2)) AS DECIMAL(18, 2)) AS "outstanding_amount"
FROM (
  SELECT
    "t0"."facility_id",
    "t0"."month",
    COUNT(*) FILTER(WHERE
      "t0"."status" = 'paid') AS "total_invoices",
    COALESCE(SUM("t0"."amount") FILTER(WHERE
      "t0"."status" = 'paid'), 0) AS "paid",
    COALESCE(SUM("t0"."amount") FILTER(WHERE
      "t0"."status" = 'pending'), 0) AS "pending"
  FROM "stg_invoices" AS "t0"
  GROUP BY
    1,
    2
) AS "t1"
