"""What health scores will lack whatever the sources hold, for want of a column."""

from collections.abc import Collection
from datetime import datetime

from crm_ibis.config.params import Params
from crm_ibis.metrics import graph
from crm_ibis.metrics.lineage import Origin, direct_origins
from crm_ibis.metrics.unavailable import unavailable_columns

TABLE = "health_scores"


def expected_gaps(
    params: Params, absent: Collection[str], undecided: Collection[Origin] = ()
) -> list[str]:
    """What health_scores will lack in every row, in sentences.

    `absent` are sources that do not exist, `undecided` columns that a source does not have.
    """
    if not absent and not undecided:
        return []
    direct = direct_origins(params, datetime(2024, 1, 1), undecided)
    left_out = graph.empty_without(list(direct), absent, params)
    lacks = unavailable_columns(direct, absent, left_out, undecided)[TABLE]
    weights = params.health.weights
    missing = {name: lacks[name] for name in weights if name in lacks}
    said = [
        f"{TABLE} will have no {name}: {' and '.join(map(_in_words, sources))}"
        for name, sources in missing.items()
    ]
    coverage = 100 * sum(weight for name, weight in weights.items() if name not in missing)
    if coverage < params.health.min_coverage_pct:
        said.append(
            f"{TABLE} will have no score in any row: the components that can exist are "
            f"{_pct(coverage)} of the weights, and at least {_pct(params.health.min_coverage_pct)} "
            "are needed (health.min_coverage_pct)"
        )
    return said


def _in_words(lack: str) -> str:
    source, _, column = lack.partition(".")
    return f"{source} has no {column}" if column else f"{source} is absent"


def _pct(value: object) -> str:
    return f"{float(str(value)):g} %"
