"""What outreach brings, by channel and by rep, and how sure one can be of it."""

from crm_ibis.site.charts.drawing import draw, interval
from crm_ibis.site.charts.figures import Column, Figure, Section

COUNTS = ("total_outreach", "total_responses", "total_conversions")
RATES = {
    "response_rate_pct": ("total_responses", "total_outreach"),
    "conversion_rate_pct": ("total_conversions", "total_outreach"),
}
SHOWN = (
    Column("total_outreach", "Activities"),
    Column("total_responses", "Responses"),
    Column("total_conversions", "Conversions"),
    Column("response_rate_pct", "Response rate", "pct"),
    Column("conversion_rate_pct", "Conversion rate", "pct"),
    Column("conversion_rate_pct_low", "at least (95 %)", "pct"),
    Column("conversion_rate_pct_high", "at most (95 %)", "pct"),
)
NOTE = (
    "Sorted by the lower end of the interval: a channel that converted 1 of 1 is not better than "
    "one that converted 80 of 100. "
)


def _figure(name: str, title: str, note: str, by: str, label: str, most: int) -> Figure:
    columns = (Column(by, label, "text"), *SHOWN)
    chart = interval("conversion_rate_pct", by, columns)
    described = f"{title}: conversion rate with its 95 percent interval."
    return Figure(
        name=name,
        title=title,
        note=note,
        dataset="outreach",
        by=(by,),
        sums=COUNTS,
        ratios=RATES,
        intervals={"conversion_rate_pct": ("total_conversions", "total_outreach")},
        small="total_outreach",
        first=("conversion_rate_pct_low", "desc", most),
        columns=columns,
        chart=draw(chart, described, row=26),
    )


SECTION = Section(
    name="outreach",
    title="Outreach",
    table="rep_activity_by_channel",
    figures=(
        _figure(
            "outreach-channels",
            "Conversion by channel",
            NOTE + "Hollow: fewer than 10 activities.",
            "channel",
            "Channel",
            20,
        ),
        _figure(
            "outreach-reps",
            "Conversion by rep",
            "The 12 reps with the highest lower end; all of them in the table.",
            "rep_id",
            "Rep",
            12,
        ),
    ),
)
