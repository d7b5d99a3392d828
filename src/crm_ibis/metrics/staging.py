"""Sources -> clean rows: one row in, one row out.

Rows created after `as_of` are dropped; a state that has a date of its own follows that date; event
columns stay as they are, so that "not yet" and "never" stay distinct. Amounts are in the reporting
currency, where there is one; the column `currency` still says what they were in.
"""

from datetime import datetime

import ibis
from ibis import Table

from crm_ibis.config.params import Params
from crm_ibis.expressions import instant, month_of
from crm_ibis.metrics.currencies import in_reporting_currency


def stg_leads(
    leads: Table, as_of: datetime, params: Params, exchange_rates: Table | None = None
) -> Table:
    """Leads entered by `as_of`, with the month they were created in, which is also their cohort."""
    month = month_of(leads.created_at)
    entered = _entered(leads, as_of).rename(lead_id="id").mutate(month=month, cohort_month=month)
    return in_reporting_currency(entered, params.reporting, exchange_rates)


def stg_opportunities(
    opportunities: Table, as_of: datetime, params: Params, exchange_rates: Table | None = None
) -> Table:
    """Opportunities entered by `as_of`; one that closed later is still open."""
    entered = (
        _entered(opportunities, as_of)
        .rename(opportunity_id="id")
        .mutate(
            month=month_of(opportunities.created_at),
            status=ibis.ifelse(
                opportunities.closed_at > instant(as_of), "open", opportunities.status
            ),
        )
    )
    return in_reporting_currency(entered, params.reporting, exchange_rates)


def stg_tickets(tickets: Table, as_of: datetime) -> Table:
    """Support tickets opened by `as_of`."""
    month = month_of(tickets.created_at)
    return _entered(tickets, as_of).rename(ticket_id="id").mutate(month=month)


def stg_satisfaction(satisfaction: Table, as_of: datetime) -> Table:
    """Survey answers given by `as_of`."""
    month = month_of(satisfaction.created_at)
    return _entered(satisfaction, as_of).rename(satisfaction_id="id").mutate(month=month)


def stg_outreach(outreach: Table, as_of: datetime) -> Table:
    """Outreach entered and sent by `as_of`; a response that came later is not received yet."""
    sent = _entered(outreach, as_of).filter(outreach.sent_at <= instant(as_of))
    return sent.rename(outreach_id="id").mutate(
        month=month_of(outreach.sent_at),
        response_received=ibis.ifelse(
            outreach.responded_at > instant(as_of), False, outreach.response_received
        ),
    )


def stg_applications(applications: Table, as_of: datetime) -> Table:
    """Applications received by `as_of`; a candidate hired later is still pending."""
    return (
        _entered(applications, as_of)
        .rename(application_id="id")
        .mutate(
            month=month_of(applications.created_at),
            status=ibis.ifelse(
                (applications.status == "hired") & (applications.hired_at > instant(as_of)),
                "pending",
                applications.status,
            ),
        )
    )


def stg_invoices(
    invoices: Table, as_of: datetime, params: Params, exchange_rates: Table | None = None
) -> Table:
    """Invoices issued by `as_of`; one that was paid later is still pending."""
    entered = (
        _entered(invoices, as_of)
        .rename(invoice_id="id")
        .mutate(
            month=month_of(invoices.created_at),
            status=ibis.ifelse(
                (invoices.status == "paid") & (invoices.paid_at > instant(as_of)),
                "pending",
                invoices.status,
            ),
        )
    )
    return in_reporting_currency(entered, params.reporting, exchange_rates)


def _entered(source: Table, as_of: datetime) -> Table:
    return source.filter(source.created_at <= instant(as_of))
