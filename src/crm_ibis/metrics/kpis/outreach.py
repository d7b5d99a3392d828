"""What outreach brings, by channel."""

import ibis
from ibis import Table, _

from crm_ibis.expressions import ratio_pct, when, wilson_lower_bound


def rep_activity_by_channel(stg_outreach: Table, stg_leads: Table) -> Table:
    """How much each rep reached out through each channel, and what came of it.

    An activity without a rep belongs to its lead's rep, else to `unassigned`; it counts in the
    month it was sent. Channels are ranked within rep, facility and month by the lower bound of
    their conversion rate, then by response rate, ties sharing a rank: the raw rate would put 1 of
    1 above 80 of 100. `conversion_from_responses_pct` may pass 100, as a conversion needs no
    response. Grain: rep_id, facility_id, channel, month.
    """
    owners = stg_leads.select(owned_lead_id="lead_id", lead_rep_id="rep_id")
    # Only what has no rep of its own looks for its lead.
    without_rep = stg_outreach.mutate(lead_id=when(_.rep_id.isnull(), _.lead_id))
    outreach = without_rep.left_join(owners, [("lead_id", "owned_lead_id")])
    outreach = outreach.mutate(
        rep_id=ibis.coalesce(outreach.rep_id, outreach.lead_rep_id, "unassigned")
    )
    totals = outreach.group_by(["rep_id", "facility_id", "channel", "month"]).agg(
        total_outreach=_.count(),
        total_responses=_.count(where=_.response_received),
        total_conversions=_.count(where=_.converted),
    )
    rated = totals.mutate(
        response_rate_pct=ratio_pct(_.total_responses, _.total_outreach),
        conversion_rate_pct=ratio_pct(_.total_conversions, _.total_outreach),
        conversion_from_responses_pct=ratio_pct(_.total_conversions, _.total_responses),
        conversion_lower_bound_pct=wilson_lower_bound(
            totals.total_conversions, totals.total_outreach
        ),
    )
    best_first = ibis.window(
        group_by=["rep_id", "facility_id", "month"],
        order_by=[rated.conversion_lower_bound_pct.desc(), rated.response_rate_pct.desc()],
    )
    return rated.mutate(channel_effectiveness_rank=ibis.rank().over(best_first) + 1)


def outreach_kpis(stg_outreach: Table) -> Table:
    """Outreach of a facility by channel and month sent, with responses and conversions.

    Rates are over all outreach. Grain: facility_id, channel, month.
    """
    totals = stg_outreach.group_by(["facility_id", "channel", "month"]).agg(
        total_outreach=_.count(),
        responses=_.count(where=_.response_received),
        conversions=_.count(where=_.converted),
    )
    return totals.mutate(
        response_rate_pct=ratio_pct(_.responses, _.total_outreach),
        conversion_rate_pct=ratio_pct(_.conversions, _.total_outreach),
    )
