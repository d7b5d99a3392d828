"""The little line in a headline: where the number came from, without axes."""

import altair as alt

from crm_ibis.site.charts.drawing import ROWS
from crm_ibis.site.charts.figures import SERIES

_base = alt.Chart(ROWS).encode(
    x=alt.X("month:O", axis=None),
    y=alt.Y("value:Q", axis=None, scale=alt.Scale(zero=False, padding=4)),
)
SPARKLINE = (
    _base.mark_line(color=SERIES[0], strokeWidth=1.5)
    + _base.mark_point(filled=True, size=14, color=SERIES[0]).encode(
        tooltip=[alt.Tooltip("month_name:N", title="Month"), alt.Tooltip("value:Q", title="Value")]
    )
).properties(
    width="container",
    height=36,
    autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
    description="The number over the months of the period.",
)
