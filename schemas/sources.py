"""Contracts of the sources: what a refresh demands of the tables in `raw` before it reads them."""

import pandera.ibis as pa
from ibis.expr.types import BooleanValue
from pandera.api.ibis.types import IbisData

from crm_ibis.contracts import Source, column
from crm_ibis.types import Count, Day, Exact, Flag, Instant, Rate, Text


class Facilities(Source):
    """The customers' sites that everything is measured for: one row per facility."""

    id: Text = column("Id of the facility.")
    name: Text = column("Name that people know it by.")
    type: Text = column("Kind of facility.", nullable=True)
    location: Text = column("Where it is.", nullable=True)
    created_at: Instant = column("When it was entered (UTC).", nullable=True)
    updated_at: Instant = column(
        "When the row last changed (UTC).", nullable=True, not_before="created_at"
    )
    calendar: Text = column(
        "Calendar by which its tickets are judged, where their priority names none; null where the "
        "default one does.",
        nullable=True,
        refines=True,
        closed=True,
    )

    class Config:
        unique = ["id"]


class Leads(Source):
    """Possible deals: one row per lead."""

    id: Text = column("Id of the lead.")
    facility_id: Text = column("Facility the lead is about.", references="facilities")
    rep_id: Text = column("Sales rep who owns the lead.")
    status: Text = column("Status in the CRM, not interpreted.")
    stage: Text = column(
        "Stage the lead is in now.", isin=["lead", "sql", "opportunity", "won", "lost"]
    )
    amount: Exact = column("What the deal would be worth.", ge=0)
    currency: Text = column(
        "Currency of the amount, as in ISO 4217; null where it is the reporting currency.",
        nullable=True,
        refines=True,
        currency_code=True,
    )
    win_probability: Exact = column(
        "How likely this very deal is won, 0 to 1; null where only its stage decides.",
        nullable=True,
        refines=True,
        in_range={"min_value": 0, "max_value": 1},
    )
    created_at: Instant = column("When the lead was entered (UTC).")
    updated_at: Instant = column("When the row last changed (UTC).", not_before="created_at")
    qualified_at: Instant = column(
        "When it became a sales-qualified lead (UTC).", nullable=True, not_before="created_at"
    )
    closed_at: Instant = column(
        "When it was won or lost (UTC).", nullable=True, not_before="created_at"
    )

    class Config:
        unique = ["id"]


class Opportunities(Source):
    """Deals being negotiated: one row per opportunity of a lead."""

    id: Text = column("Id of the opportunity.")
    lead_id: Text = column("Lead it came from.", references="leads")
    rep_id: Text = column("Sales rep who owns the opportunity.")
    status: Text = column("Whether it is open, won or lost.", isin=["open", "won", "lost"])
    amount: Exact = column("What the deal is worth.", ge=0)
    currency: Text = column(
        "Currency of the amount, as in ISO 4217; null where it is the reporting currency.",
        nullable=True,
        refines=True,
        currency_code=True,
    )
    created_at: Instant = column("When it was opened (UTC).")
    updated_at: Instant = column("When the row last changed (UTC).", not_before="created_at")
    closed_at: Instant = column(
        "When it was won or lost (UTC).", nullable=True, not_before="created_at"
    )

    class Config:
        unique = ["id"]


class Tickets(Source):
    """Support requests: one row per ticket."""

    id: Text = column("Id of the ticket.")
    facility_id: Text = column("Facility that asked.", references="facilities")
    priority: Text = column(
        "Priority, which decides the SLA targets.", isin=["critical", "high", "medium", "low"]
    )
    status: Text = column("Status in the support system, not interpreted.")
    created_at: Instant = column("When it was opened (UTC).")
    first_response_at: Instant = column(
        "When an agent first answered (UTC); where the column is missing, its target is undecided.",
        nullable=True,
        not_before="created_at",
        undecided_if_missing=True,
    )
    resolved_at: Instant = column(
        "When it was resolved (UTC); where the column is missing, its target is undecided.",
        nullable=True,
        not_before="created_at",
        undecided_if_missing=True,
    )
    updated_at: Instant = column("When the row last changed (UTC).", not_before="created_at")

    class Config:
        unique = ["id"]


class TicketPauses(Source):
    """When tickets waited for others: one row per pause, which stops the resolution clock."""

    ticket_id: Text = column("The ticket.", references="tickets")
    paused_at: Instant = column("When the pause began (UTC).")
    resumed_at: Instant = column(
        "When it ended (UTC); null while it runs.", nullable=True, not_before="paused_at"
    )

    class Config:
        unique = ["ticket_id", "paused_at"]
        metadata = {"optional": True}


class Satisfaction(Source):
    """Answers to surveys: one row per answer."""

    id: Text = column("Id of the answer.")
    facility_id: Text = column("Facility that answered.", references="facilities")
    survey_type: Text = column("Which survey it was.", isin=["csat", "nps"])
    score: Count = column("The answer: 1 to 5 for csat, 0 to 10 for nps.")
    created_at: Instant = column("When it was given (UTC).")
    feedback: Text = column("What the customer wrote.", nullable=True, private=True)

    class Config:
        unique = ["id"]

    @pa.dataframe_check(description="score is 1 to 5 for csat, 0 to 10 for nps")
    def score_in_range(cls, data: IbisData) -> BooleanValue:
        score = data.table.score
        is_nps = data.table.survey_type == "nps"
        return is_nps.ifelse(score.between(0, 10), score.between(1, 5))


class Outreach(Source):
    """Messages and calls of sales reps: one row per activity."""

    id: Text = column("Id of the activity.")
    facility_id: Text = column("Facility that was contacted.", references="facilities")
    lead_id: Text = column("Lead it was about.", nullable=True, references="leads")
    rep_id: Text = column("Sales rep who reached out.", nullable=True)
    channel: Text = column("Channel, such as email or phone.")
    message: Text = column("What was written or said.", nullable=True, private=True)
    sent_at: Instant = column("When it was sent (UTC).")
    response_received: Flag = column("Whether there was a response.")
    responded_at: Instant = column(
        "When the response came (UTC).", nullable=True, not_before="sent_at"
    )
    converted: Flag = column("Whether it led to a conversion.")
    created_at: Instant = column("When it was entered (UTC).")
    updated_at: Instant = column("When the row last changed (UTC).", not_before="created_at")

    class Config:
        unique = ["id"]


class Applications(Source):
    """Candidates who applied to a facility: one row per application."""

    id: Text = column("Id of the application.")
    facility_id: Text = column("Facility applied to.", references="facilities")
    candidate_id: Text = column("Who applied.", private=True)
    status: Text = column(
        "How far the application got.", isin=["pending", "interview", "hired", "rejected"]
    )
    source: Text = column("Where the candidate came from.", nullable=True)
    compliance_score: Exact = column(
        "Compliance score, 0 to 100.",
        nullable=True,
        in_range={"min_value": 0, "max_value": 100},
    )
    has_violations: Flag = column("Whether a compliance violation was found.")
    created_at: Instant = column("When the application came in (UTC).")
    updated_at: Instant = column("When the row last changed (UTC).", not_before="created_at")
    hired_at: Instant = column(
        "When the candidate was hired (UTC).", nullable=True, not_before="created_at"
    )

    class Config:
        unique = ["id"]


class Invoices(Source):
    """What facilities were billed: one row per invoice."""

    id: Text = column("Id of the invoice.")
    facility_id: Text = column("Facility that was billed.", references="facilities")
    application_id: Text = column(
        "Application it was for.", nullable=True, references="applications"
    )
    amount: Exact = column("Amount billed; negative for a credit note.")
    currency: Text = column(
        "Currency of the amount, as in ISO 4217; null where it is the reporting currency.",
        nullable=True,
        refines=True,
        currency_code=True,
    )
    status: Text = column("Whether it is paid.", isin=["pending", "paid", "cancelled"])
    created_at: Instant = column("When it was issued (UTC).")
    updated_at: Instant = column("When the row last changed (UTC).", not_before="created_at")
    paid_at: Instant = column("When it was paid (UTC).", nullable=True, not_before="created_at")

    class Config:
        unique = ["id"]


class ExchangeRates(Source):
    """What currencies are worth in the reporting currency: one row per currency and change."""

    currency: Text = column(
        "Currency that is converted, as in ISO 4217; the reporting currency needs no row.",
        currency_code=True,
    )
    valid_from: Day = column("First day of the rate, which holds until that of the next one.")
    rate: Rate = column("Units of the reporting currency that one unit of `currency` is.", gt=0)

    class Config:
        unique = ["currency", "valid_from"]
        metadata = {"optional": True}
