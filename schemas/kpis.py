"""Contracts of the published tables: facts and KPIs.

Every table ends with `updated_at`, which their base declares.
"""

from typing import Any

import ibis
import pandera.ibis as pa
from ibis.expr.types import BooleanValue, Value
from pandera.api.ibis.types import IbisData

from crm_ibis.contracts import Published, column
from crm_ibis.types import Count, Day, Flag, Instant, Money, Number, Text

PCT: dict[str, Any] = {"in_range": {"min_value": 0, "max_value": 100}}
SIGNED_PCT: dict[str, Any] = {"in_range": {"min_value": -100, "max_value": 100}}
SHARE: dict[str, Any] = {"in_range": {"min_value": 0, "max_value": 1}}
STAGES = ["lead", "sql", "opportunity", "won", "lost"]
PRIORITIES = ["critical", "high", "medium", "low"]
OPEN_STAGES = ["lead", "sql", "opportunity"]
STATES = ["met", "breached", "pending"]
ATTENTION = ["stale", "cooling", "active"]
HEALTH = ["excellent", "good", "fair", "poor"]


def same_nulls(left: Value, right: Value) -> BooleanValue:
    return left.isnull() == right.isnull()


class LeadMilestones(Published):
    """Facts about leads: when each first reached each stage."""

    lead_id: Text = column("The lead.", references="leads")
    facility_id: Text = column("Facility the lead is about.", references="facilities")
    rep_id: Text = column("Sales rep who owns the lead.")
    stage: Text = column("Stage in the source.", isin=STAGES)
    created_at: Instant = column("When the lead was entered (UTC).")
    cohort_month: Day = column("Month the lead was created in.", whole_month=True)
    sql_at: Instant = column("When it was first qualified or further (UTC).", nullable=True)
    opportunity_at: Instant = column(
        "When it first became an opportunity or was won (UTC).", nullable=True
    )
    won_at: Instant = column("When it was won (UTC).", nullable=True)
    lost_at: Instant = column("When it was lost (UTC).", nullable=True)

    class Config:
        unique = ["lead_id"]

    @pa.dataframe_check(description="opportunity_at is not after won_at")
    def opportunity_before_won(cls, data: IbisData) -> BooleanValue:
        table = data.table
        return table.won_at.isnull() | (table.opportunity_at <= table.won_at).fill_null(False)

    @pa.dataframe_check(description="sql_at is not after opportunity_at")
    def sql_before_opportunity(cls, data: IbisData) -> BooleanValue:
        table = data.table
        reached = (table.sql_at <= table.opportunity_at).fill_null(False)
        return table.opportunity_at.isnull() | reached

    @pa.dataframe_check(description="a lead is not both won and lost")
    def won_or_lost(cls, data: IbisData) -> BooleanValue:
        return data.table.won_at.isnull() | data.table.lost_at.isnull()


class TicketSla(Published):
    """Facts about tickets: each against the two targets of its priority."""

    ticket_id: Text = column("The ticket.", references="tickets")
    facility_id: Text = column("Facility that asked.", references="facilities")
    priority: Text = column("Priority, which decides the targets.", isin=PRIORITIES)
    month: Day = column("Month the ticket was opened in.", whole_month=True)
    created_at: Instant = column("When it was opened (UTC).")
    first_response_at: Instant = column(
        "When an agent first answered, by `as_of` (UTC).", nullable=True
    )
    resolved_at: Instant = column("When it was resolved, by `as_of` (UTC).", nullable=True)
    sla_response_target_hours: Number = column("Longest time to a first response.", gt=0)
    sla_resolution_target_hours: Number = column("Longest time to the resolution.", gt=0)
    response_due_at: Instant = column("When the first response is due (UTC).")
    resolution_due_at: Instant = column(
        "When the resolution is due (UTC); null while the ticket is paused.", nullable=True
    )
    first_response_hours: Number = column("Time from opening to the first response.", nullable=True)
    resolution_hours: Number = column("Time from opening to the resolution.", nullable=True)
    first_response_business_hours: Number = column(
        "Business time from opening to the first response.", nullable=True
    )
    resolution_business_hours: Number = column(
        "Business time from opening to the resolution, without pauses.", nullable=True
    )
    is_paused: Flag = column("Whether it is paused at `as_of`: its resolution clock stands still.")
    response_state: Text = column(
        "How the response target stands; null where the source has no first_response_at.",
        nullable=True,
        isin=STATES,
    )
    resolution_state: Text = column(
        "How the resolution target stands; null where the source has no resolved_at.",
        nullable=True,
        isin=STATES,
    )
    sla_state: Text = column(
        "Breached if either target is, met if both are, else pending; by one target where only "
        "that can be decided, null where neither can.",
        nullable=True,
        isin=STATES,
    )
    hours_left: Number = column(
        "For pending tickets: least business hours left of a pending target that is not paused.",
        nullable=True,
        volatile=True,
        ge=0,
    )

    class Config:
        unique = ["ticket_id"]

    @pa.dataframe_check(
        description="hours_left is given for pending tickets that are not paused, and for no others"
    )
    def hours_left_when_pending(cls, data: IbisData) -> BooleanValue:
        # A paused ticket has some too while its response is pending.
        is_pending = (data.table.sla_state == "pending").fill_null(False)
        is_given = data.table.hours_left.notnull()
        return (is_given == is_pending) | (data.table.is_paused & is_pending)

    @pa.dataframe_check(description="resolution_due_at is given unless the ticket is paused")
    def due_unless_paused(cls, data: IbisData) -> BooleanValue:
        return data.table.resolution_due_at.notnull() | data.table.is_paused

    @pa.dataframe_check(description="sla_state is given where a target has a state")
    def state_with_a_target(cls, data: IbisData) -> BooleanValue:
        target = data.table.response_state.fill_null(data.table.resolution_state)
        return same_nulls(data.table.sla_state, target)


class TicketQueue(Published):
    """The tickets that still wait for their resolution."""

    ticket_id: Text = column("The ticket.", references="tickets")
    facility_id: Text = column("Facility that asked.", references="facilities")
    priority: Text = column("Priority, which decides the targets.", isin=PRIORITIES)
    month: Day = column("Month the ticket was opened in.", whole_month=True)
    created_at: Instant = column("When it was opened (UTC).")
    first_response_at: Instant = column(
        "When an agent first answered, by `as_of` (UTC).", nullable=True
    )
    sla_response_target_hours: Number = column("Longest time to a first response.", gt=0)
    sla_resolution_target_hours: Number = column("Longest time to the resolution.", gt=0)
    response_due_at: Instant = column("When the first response is due (UTC).")
    resolution_due_at: Instant = column(
        "When the resolution is due (UTC); null while the ticket is paused.", nullable=True
    )
    first_response_hours: Number = column("Time from opening to the first response.", nullable=True)
    first_response_business_hours: Number = column(
        "Business time from opening to the first response.", nullable=True
    )
    is_paused: Flag = column("Whether it is paused at `as_of`: its resolution clock stands still.")
    response_state: Text = column(
        "How the response target stands; null where the source has no first_response_at.",
        nullable=True,
        isin=STATES,
    )
    resolution_state: Text = column(
        "How the resolution target stands; null where the source has no resolved_at.",
        nullable=True,
        isin=["breached", "pending"],
    )
    sla_state: Text = column(
        "Breached if either target is, else pending; by the response target where only that can be "
        "decided, null where neither can.",
        nullable=True,
        isin=STATES,
    )
    hours_left: Number = column(
        "For pending tickets: least business hours left of a pending target that is not paused.",
        nullable=True,
        volatile=True,
        ge=0,
    )
    age_hours: Number = column("Time from opening to `as_of`.", volatile=True, ge=0)

    class Config:
        unique = ["ticket_id"]
        metadata = {
            # Breaches come before what is pending.
            "order": ["sla_state", "hours_left", "-age_hours"],
            "foremost": [
                *("ticket_id", "priority", "sla_state", "hours_left", "is_paused", "facility_id"),
                *("resolution_due_at", "age_hours", "response_due_at"),
            ],
        }

    @pa.dataframe_check(
        description="hours_left is given for pending tickets that are not paused, and for no others"
    )
    def hours_left_when_pending(cls, data: IbisData) -> BooleanValue:
        # A paused ticket has some too while its response is pending.
        is_pending = (data.table.sla_state == "pending").fill_null(False)
        is_given = data.table.hours_left.notnull()
        return (is_given == is_pending) | (data.table.is_paused & is_pending)

    @pa.dataframe_check(description="resolution_due_at is given unless the ticket is paused")
    def due_unless_paused(cls, data: IbisData) -> BooleanValue:
        return data.table.resolution_due_at.notnull() | data.table.is_paused

    @pa.dataframe_check(description="sla_state is given where a target has a state")
    def state_with_a_target(cls, data: IbisData) -> BooleanValue:
        target = data.table.response_state.fill_null(data.table.resolution_state)
        return same_nulls(data.table.sla_state, target)

    @pa.dataframe_check(description="sla_state is breached where a target is, and only there")
    def breached_by_a_target(cls, data: IbisData) -> BooleanValue:
        table = data.table
        states = (table.sla_state, table.response_state, table.resolution_state)
        ticket, *targets = ((state == "breached").fill_null(False) for state in states)
        return ticket == ibis.or_(*targets)

    @pa.dataframe_check(description="first_response_hours is given with a first response")
    def hours_with_a_response(cls, data: IbisData) -> BooleanValue:
        return same_nulls(data.table.first_response_hours, data.table.first_response_at)

    @pa.dataframe_check(description="first_response_business_hours is given with a first response")
    def business_hours_with_a_response(cls, data: IbisData) -> BooleanValue:
        return same_nulls(data.table.first_response_business_hours, data.table.first_response_at)

    @pa.dataframe_check(description="no target is due before the ticket was opened")
    def due_after_opening(cls, data: IbisData) -> BooleanValue:
        table = data.table
        return table.created_at <= ibis.least(table.response_due_at, table.resolution_due_at)


class DealQueue(Published):
    """The leads that can still be won."""

    lead_id: Text = column("The lead.", references="leads")
    facility_id: Text = column("Facility the lead is about.", references="facilities")
    rep_id: Text = column("Sales rep who owns the lead.")
    stage: Text = column("Stage in the source.", isin=OPEN_STAGES)
    amount: Money = column("Its amount.", ge=0)
    weighted_value: Money = column(
        "Amount x win probability x stage weight, in the scenario base.", ge=0
    )
    created_at: Instant = column("When the lead was entered (UTC).")
    age_days: Number = column("Time from then to `as_of`.", volatile=True, ge=0)
    last_activity_at: Instant = column(
        "When it was last updated, one of its opportunities was, or outreach to it was sent, by "
        "`as_of` (UTC)."
    )
    idle_days: Number = column("Time from then to `as_of`.", volatile=True, ge=0)
    attention: Text = column(
        "stale or cooling after so many days without activity, else active.", isin=ATTENTION
    )

    class Config:
        unique = ["lead_id"]
        metadata = {
            "order": ["-idle_days"],
            "foremost": [
                *("lead_id", "stage", "attention", "idle_days", "amount", "facility_id", "rep_id"),
                *("weighted_value", "last_activity_at", "age_days"),
            ],
        }

    @pa.dataframe_check(description="weighted_value <= amount")
    def weighted_at_most_amount(cls, data: IbisData) -> BooleanValue:
        return data.table.weighted_value <= data.table.amount

    @pa.dataframe_check(description="last_activity_at is not before created_at")
    def active_since_creation(cls, data: IbisData) -> BooleanValue:
        return data.table.last_activity_at >= data.table.created_at

    @pa.dataframe_check(description="idle_days <= age_days")
    def idle_at_most_age(cls, data: IbisData) -> BooleanValue:
        return data.table.idle_days <= data.table.age_days


class WeightedPipelineScenarios(Published):
    """Pipeline value under several assumptions."""

    scenario: Text = column("Named set of assumptions.")
    facility_id: Text = column("Facility.", references="facilities")
    rep_id: Text = column("Sales rep.")
    month: Day = column("Month the leads were created in.", whole_month=True)
    stage: Text = column("Stage the leads are in.", isin=STAGES)
    deal_count: Count = column("Leads.", ge=1)
    total_pipeline_value: Money = column("Sum of their amounts.", ge=0)
    weighted_pipeline_value: Money = column("Sum of amount x win probability x stage weight.", ge=0)
    win_probability: Number = column(
        "Effective win probability, 0 to 1; the mean by amount where the leads have different ones "
        "of their own, null where their total is 0.",
        nullable=True,
        **SHARE,
    )
    stage_weight: Number = column("Effective stage weight, 0 to 1.", **SHARE)
    weight_factor: Number = column(
        "Weighted over total value; null when the total is 0.", nullable=True, **SHARE
    )

    class Config:
        unique = ["scenario", "facility_id", "rep_id", "month", "stage"]

    @pa.dataframe_check(description="weighted_pipeline_value <= total_pipeline_value")
    def weighted_at_most_total(cls, data: IbisData) -> BooleanValue:
        return data.table.weighted_pipeline_value <= data.table.total_pipeline_value

    @pa.dataframe_check(description="win_probability is given where the total is not 0")
    def probability_with_a_total(cls, data: IbisData) -> BooleanValue:
        return data.table.win_probability.notnull() | (data.table.total_pipeline_value == 0)


class ConversionFunnel(Published):
    """How far the leads of a month got."""

    facility_id: Text = column("Facility.", references="facilities")
    rep_id: Text = column("Sales rep.")
    month: Day = column("Month the leads were created in.", whole_month=True)
    funnel_stage: Text = column("Stage.", isin=["lead", "sql", "opportunity", "won"])
    stage_position: Count = column("Place of the stage, from 1.", ge=1, le=4)
    stage_count: Count = column("Leads that ever reached the stage.", ge=0)
    previous_stage_count: Count = column(
        "Leads that reached the stage before; null at lead.", nullable=True, ge=0
    )
    drop_off_count: Count = column(
        "Leads that reached the stage before but not this one; null at lead.",
        nullable=True,
        ge=0,
    )
    conversion_rate_pct: Number = column(
        "Share of the stage before; null at lead and where nobody reached it.",
        nullable=True,
        **PCT,
    )
    conversion_from_lead_pct: Number = column("Share of all leads.", **PCT)
    avg_days_from_lead: Number = column(
        "Mean time from creation to the stage; null where nobody reached it.", nullable=True
    )

    class Config:
        unique = ["facility_id", "rep_id", "month", "funnel_stage"]

    @pa.dataframe_check(description="the funnel never grows from one stage to the next")
    def never_grows(cls, data: IbisData) -> BooleanValue:
        counts = data.table.stage_count <= data.table.previous_stage_count
        return counts.fill_null(data.table.stage_position == 1)


class CohortRetention(Published):
    """What becomes of the leads of a month."""

    facility_id: Text = column("Facility.", references="facilities")
    rep_id: Text = column("Sales rep.")
    cohort_month: Day = column("Month the leads were created in.", whole_month=True)
    months_since_cohort: Count = column("Months after it, from 0.", ge=0)
    cohort_size: Count = column("Leads of the cohort.", ge=1)
    active_leads: Count = column("Neither won nor lost by the end of the month.", ge=0)
    won_leads: Count = column("Won by the end of the month.", ge=0)
    lost_leads: Count = column("Lost by the end of the month.", ge=0)
    retained_leads: Count = column("Active or won.", ge=0)
    progressed_leads: Count = column("Reached opportunity or later.", ge=0)
    retention_rate_pct: Number = column("Retained, of the cohort.", **PCT)
    progression_rate_pct: Number = column("Progressed, of the cohort.", **PCT)
    weighted_active_leads: Number = column("Won as 1, active as 0.5, lost as 0.", ge=0)
    is_complete: Flag = column("Whether the month is over at `as_of`.")

    class Config:
        unique = ["facility_id", "rep_id", "cohort_month", "months_since_cohort"]

    @pa.dataframe_check(description="active, won and lost leads add up to the cohort")
    def adds_up(cls, data: IbisData) -> BooleanValue:
        table = data.table
        return table.active_leads + table.won_leads + table.lost_leads == table.cohort_size

    @pa.dataframe_check(description="retained leads are the active and the won ones")
    def retained(cls, data: IbisData) -> BooleanValue:
        table = data.table
        return table.retained_leads == table.active_leads + table.won_leads


class RepActivityByChannel(Published):
    """What each rep's outreach brings, by channel."""

    rep_id: Text = column("Sales rep, or `unassigned`.")
    facility_id: Text = column("Facility.", references="facilities")
    channel: Text = column("Channel.")
    month: Day = column("Month it was sent in.", whole_month=True)
    total_outreach: Count = column("Activities.", ge=1)
    total_responses: Count = column("Activities that got a response.", ge=0)
    total_conversions: Count = column("Activities that led to a conversion.", ge=0)
    response_rate_pct: Number = column("Responses, of activities.", **PCT)
    conversion_rate_pct: Number = column("Conversions, of activities.", **PCT)
    conversion_from_responses_pct: Number = column(
        "Conversions over responses; may pass 100, null without responses.", nullable=True, ge=0
    )
    conversion_lower_bound_pct: Number = column(
        "Lower end of the conversion rate's 95 % interval (Wilson).", **PCT
    )
    channel_effectiveness_rank: Count = column(
        "Rank within rep, facility and month; ties share one.", ge=1
    )

    class Config:
        unique = ["rep_id", "facility_id", "channel", "month"]

    @pa.dataframe_check(description="responses and conversions are at most all activities")
    def parts_of_total(cls, data: IbisData) -> BooleanValue:
        table = data.table
        return table.total_outreach >= ibis.greatest(table.total_responses, table.total_conversions)


class TicketSlaCompliance(Published):
    """Whether tickets were answered and resolved on time."""

    facility_id: Text = column("Facility.", references="facilities")
    priority: Text = column("Priority.", isin=PRIORITIES)
    month: Day = column("Month the tickets were opened in.", whole_month=True)
    total_tickets: Count = column("Tickets.", ge=1)
    resolved_tickets: Count = column("Known to be resolved by `as_of`.", ge=0)
    open_tickets: Count = column("Not known to be resolved by `as_of`.", ge=0)
    sla_compliant_tickets: Count = column("Met every target that can be decided.", ge=0)
    sla_breached_tickets: Count = column("Breached at least one target.", ge=0)
    sla_pending_tickets: Count = column("Not decided yet.", ge=0)
    sla_compliance_rate_pct: Number = column(
        "Compliant, of the decided tickets; null while none is.", nullable=True, **PCT
    )
    targets_decided: Count = column(
        "Targets met or breached; each ticket has two, but for those whose event the source does "
        "not tell.",
        ge=0,
    )
    targets_met: Count = column("Targets met.", ge=0)
    sla_attainment_pct: Number = column(
        "Targets met, of the decided ones; null while none is.", nullable=True, **PCT
    )
    avg_first_response_hours: Number = column("Mean time to first response.", nullable=True)
    median_first_response_hours: Number = column("Median time to first response.", nullable=True)
    p90_first_response_hours: Number = column(
        "90th percentile of the time to first response.", nullable=True
    )
    max_first_response_hours: Number = column("Longest time to first response.", nullable=True)
    avg_resolution_hours: Number = column("Mean time to resolution.", nullable=True)
    median_resolution_hours: Number = column("Median time to resolution.", nullable=True)
    p90_resolution_hours: Number = column(
        "90th percentile of the time to resolution.", nullable=True
    )
    max_resolution_hours: Number = column("Longest time to resolution.", nullable=True)
    avg_first_response_business_hours: Number = column(
        "Mean business time to first response.", nullable=True
    )
    median_first_response_business_hours: Number = column(
        "Median business time to first response.", nullable=True
    )
    p90_first_response_business_hours: Number = column(
        "90th percentile of the business time to first response.", nullable=True
    )
    avg_resolution_business_hours: Number = column(
        "Mean business time to resolution, without pauses.", nullable=True
    )
    median_resolution_business_hours: Number = column(
        "Median business time to resolution, without pauses.", nullable=True
    )
    p90_resolution_business_hours: Number = column(
        "90th percentile of the business time to resolution, without pauses.", nullable=True
    )
    sla_response_target_hours: Number = column("Target of the priority: first response.", gt=0)
    sla_resolution_target_hours: Number = column("Target of the priority: resolution.", gt=0)

    class Config:
        unique = ["facility_id", "priority", "month"]

    @pa.dataframe_check(description="resolved and open tickets add up to all")
    def resolved_adds_up(cls, data: IbisData) -> BooleanValue:
        table = data.table
        return table.resolved_tickets + table.open_tickets == table.total_tickets

    @pa.dataframe_check(
        description="compliant, breached and pending tickets add up to all, or to none"
    )
    def states_add_up(cls, data: IbisData) -> BooleanValue:
        # To none where the source tells neither event, so that no target can be decided.
        table = data.table
        decided = table.sla_compliant_tickets + table.sla_breached_tickets
        judged = decided + table.sla_pending_tickets
        return (judged == table.total_tickets) | (judged == 0)

    @pa.dataframe_check(description="targets met <= targets decided <= 2 per ticket")
    def targets_in_order(cls, data: IbisData) -> BooleanValue:
        table = data.table
        met_and_decided = table.targets_met <= table.targets_decided
        return met_and_decided & (table.targets_decided <= 2 * table.total_tickets)


class SatisfactionRollups(Published):
    """What customers answered in surveys."""

    facility_id: Text = column("Facility.", references="facilities")
    month: Day = column("Month of the answers.", whole_month=True)
    metric_type: Text = column("Survey.", isin=["csat", "nps"])
    response_count: Count = column("Answers.", ge=1)
    avg_score: Number = column("Mean answer: 1 to 5 for csat, 0 to 10 for nps.", ge=0, le=10)
    score: Number = column("csat: mean answer; nps: promoters minus detractors, in percent.")
    promoter_or_satisfied_pct: Number = column("nps 9 and 10, csat 4 and 5.", **PCT)
    detractor_or_dissatisfied_pct: Number = column("nps 0 to 6, csat 1 and 2.", **PCT)
    min_score: Count = column("Lowest answer.", ge=0, le=10)
    median_score: Number = column("Median answer.", ge=0, le=10)
    max_score: Count = column("Highest answer.", ge=0, le=10)
    previous_month_score: Number = column(
        "`score` of the calendar month before; null without answers in it.", nullable=True
    )
    month_over_month_change: Number = column(
        "Change of `score` against the calendar month before.",
        nullable=True,
        in_range={"min_value": -200, "max_value": 200},
    )

    class Config:
        unique = ["facility_id", "month", "metric_type"]

    @pa.dataframe_check(description="score is 1 to 5 for csat, -100 to 100 for nps")
    def score_in_range(cls, data: IbisData) -> BooleanValue:
        score = data.table.score
        is_nps = data.table.metric_type == "nps"
        return is_nps.ifelse(score.between(-100, 100), score.between(1, 5))

    @pa.dataframe_check(description="single answers are 1 to 5 for csat")
    def csat_answers_in_range(cls, data: IbisData) -> BooleanValue:
        table = data.table
        is_csat = table.metric_type == "csat"
        return ~is_csat | ((table.min_score >= 1) & (table.max_score <= 5))

    @pa.dataframe_check(description="month_over_month_change is given with a previous score")
    def change_with_previous(cls, data: IbisData) -> BooleanValue:
        return same_nulls(data.table.month_over_month_change, data.table.previous_month_score)


class HealthScores(Published):
    """How healthy each facility is."""

    facility_id: Text = column("Facility.", references="facilities")
    month: Day = column("Month.", whole_month=True)
    compliance_score: Number = column(
        "Compliance rate of applications; null without scored ones.", nullable=True, **PCT
    )
    pipeline_health: Number = column(
        "Weighted pipeline (scenario base) against its target, at most 100; null without leads.",
        nullable=True,
        **PCT,
    )
    conversion_health: Number = column(
        "Share of leads won against its target, at most 100; null without leads.",
        nullable=True,
        **PCT,
    )
    sla_health: Number = column(
        "SLA targets met, of the decided ones; null while none is.", nullable=True, **PCT
    )
    satisfaction_health: Number = column(
        "Mean of satisfied csat answers in percent and of (nps + 100) / 2, of those that exist.",
        nullable=True,
        **PCT,
    )
    overall_health_score: Number = column(
        "Weighted mean of the components that exist; null below the least coverage.",
        nullable=True,
        **PCT,
    )
    coverage_pct: Number = column("Weight of the components that exist.", **PCT)
    missing_components: Text = column(
        "Names of the missing components, joined by commas; null when none is.", nullable=True
    )
    health_status: Text = column(
        "excellent, good, fair or poor; null without a score.", nullable=True, isin=HEALTH
    )

    class Config:
        unique = ["facility_id", "month"]

    @pa.dataframe_check(description="health_status is given with a score")
    def status_with_score(cls, data: IbisData) -> BooleanValue:
        return same_nulls(data.table.health_status, data.table.overall_health_score)


class PipelineKpis(Published):
    """Hiring: applications by status."""

    facility_id: Text = column("Facility.", references="facilities")
    month: Day = column("Month of the application.", whole_month=True)
    total_applications: Count = column("Applications.", ge=1)
    hired_count: Count = column("Hired by `as_of`.", ge=0)
    rejected_count: Count = column("Rejected.", ge=0)
    pending_count: Count = column("Pending.", ge=0)
    interview_count: Count = column("In interviews.", ge=0)
    avg_time_to_fill_days: Number = column(
        "Mean time from application to hire; null without a hire.", nullable=True
    )

    class Config:
        unique = ["facility_id", "month"]

    @pa.dataframe_check(description="applications by status add up to all")
    def statuses_add_up(cls, data: IbisData) -> BooleanValue:
        table = data.table
        settled = table.hired_count + table.rejected_count
        return settled + table.pending_count + table.interview_count == table.total_applications


class ComplianceKpis(Published):
    """Compliance of applications."""

    facility_id: Text = column("Facility.", references="facilities")
    month: Day = column("Month of the application.", whole_month=True)
    total_applications: Count = column("Applications.", ge=1)
    scored_applications: Count = column("Applications with a compliance score.", ge=0)
    compliant_applications: Count = column("Scores at or above the threshold.", ge=0)
    avg_compliance_score: Number = column(
        "Mean score; null without scored applications.", nullable=True, **PCT
    )
    violation_count: Count = column("Applications with violations.", ge=0)
    compliance_rate_pct: Number = column(
        "Compliant, of the scored ones; null without scored applications.", nullable=True, **PCT
    )

    class Config:
        unique = ["facility_id", "month"]

    @pa.dataframe_check(description="compliant <= scored <= all applications")
    def counts_in_order(cls, data: IbisData) -> BooleanValue:
        table = data.table
        compliant_and_scored = table.compliant_applications <= table.scored_applications
        return compliant_and_scored & (table.scored_applications <= table.total_applications)


class RevenueKpis(Published):
    """Revenue by month of invoice."""

    facility_id: Text = column("Facility.", references="facilities")
    month: Day = column("Month of the invoice.", whole_month=True)
    total_invoices: Count = column("Paid invoices.", ge=0)
    total_revenue: Money = column("Sum of paid invoices.")
    avg_revenue_per_invoice: Money = column("Mean paid invoice; null without one.", nullable=True)
    outstanding_amount: Money = column("Sum of pending invoices.")

    class Config:
        unique = ["facility_id", "month"]

    @pa.dataframe_check(description="avg_revenue_per_invoice is given with paid invoices")
    def mean_with_invoices(cls, data: IbisData) -> BooleanValue:
        table = data.table
        return table.avg_revenue_per_invoice.notnull() == (table.total_invoices > 0)


class OutreachKpis(Published):
    """Outreach by channel."""

    facility_id: Text = column("Facility.", references="facilities")
    channel: Text = column("Channel.")
    month: Day = column("Month it was sent in.", whole_month=True)
    total_outreach: Count = column("Activities.", ge=1)
    responses: Count = column("Activities that got a response.", ge=0)
    conversions: Count = column("Activities that led to a conversion.", ge=0)
    response_rate_pct: Number = column("Responses, of activities.", **PCT)
    conversion_rate_pct: Number = column("Conversions, of activities.", **PCT)

    class Config:
        unique = ["facility_id", "channel", "month"]


class CombinedKpis(Published):
    """Hiring, compliance, revenue and outreach side by side."""

    facility_id: Text = column("Facility.", references="facilities")
    month: Day = column("Month.", whole_month=True)
    total_applications: Count = column("Applications.", ge=0)
    hired_count: Count = column("Hired by `as_of`.", ge=0)
    avg_time_to_fill_days: Number = column(
        "Mean time from application to hire; null without a hire.", nullable=True
    )
    compliant_applications: Count = column("Scores at or above the threshold.", ge=0)
    compliance_rate_pct: Number = column(
        "Compliant, of the scored applications; null without one.", nullable=True, **PCT
    )
    violation_count: Count = column("Applications with violations.", ge=0)
    total_revenue: Money = column("Sum of paid invoices.")
    avg_revenue_per_invoice: Money = column("Mean paid invoice; null without one.", nullable=True)
    total_outreach: Count = column("Outreach activities, all channels.", ge=0)
    response_rate_pct: Number = column(
        "Responses, of activities; null without any.", nullable=True, **PCT
    )
    conversion_rate_pct: Number = column(
        "Conversions, of activities; null without any.", nullable=True, **PCT
    )

    class Config:
        unique = ["facility_id", "month"]


class MonthlyScorecard(Published):
    """The company in one row a month."""

    month: Day = column("Month.", whole_month=True)
    total_leads: Count = column("Leads created.", ge=0)
    sql_leads: Count = column("Of those, ever qualified or further.", ge=0)
    sql_conversion_pct: Number = column(
        "Qualified, of the leads; null without leads.", nullable=True, **PCT
    )
    won_leads: Count = column("Of those, won.", ge=0)
    won_pct: Number = column("Won, of the leads; null without leads.", nullable=True, **PCT)
    sla_attainment_pct: Number = column(
        "Mean of the facilities' SLA health; null without one.", nullable=True, **PCT
    )
    avg_csat: Number = column("Mean csat answer; null without one.", nullable=True, ge=1, le=5)
    nps: Number = column(
        "Promoters minus detractors, in percent; null without answers.",
        nullable=True,
        **SIGNED_PCT,
    )
    overall_health_score: Number = column(
        "Mean of the facilities' health scores; null without one.", nullable=True, **PCT
    )
    health_status: Text = column(
        "excellent, good, fair or poor; null without a score.", nullable=True, isin=HEALTH
    )
    total_revenue: Money = column("Sum of paid invoices of the month.")

    class Config:
        unique = ["month"]

    @pa.dataframe_check(description="won <= qualified <= all leads")
    def counts_in_order(cls, data: IbisData) -> BooleanValue:
        table = data.table
        return (table.won_leads <= table.sql_leads) & (table.sql_leads <= table.total_leads)
