"""What is invoiced, paid and outstanding."""

from ibis import Table, _

from crm_ibis.expressions import money, money_mean

GRAIN = ["facility_id", "month"]


def revenue_kpis(stg_invoices: Table) -> Table:
    """What was invoiced in a month and is paid, and what is still outstanding.

    Revenue, its mean and the number of invoices are over paid ones, by the month of the invoice;
    outstanding is pending. A month with nothing but cancelled invoices has a row too.
    Grain: facility_id, month (of invoice).
    """
    totals = stg_invoices.group_by(GRAIN).agg(
        total_invoices=_.count(where=_.status == "paid"),
        paid=_.amount.sum(where=_.status == "paid").fill_null(0),
        pending=_.amount.sum(where=_.status == "pending").fill_null(0),
    )
    return totals.select(
        *GRAIN,
        "total_invoices",
        total_revenue=money(totals.paid),
        avg_revenue_per_invoice=money_mean(totals.paid, totals.total_invoices),
        outstanding_amount=money(totals.pending),
    )
