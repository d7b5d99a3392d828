"""Which tables a run computes: those that can have rows with the sources that are there."""

from collections.abc import Iterable

from crm_ibis.config.params import load_params
from crm_ibis.errors import UsageError
from crm_ibis.events import ProgressEvent, Report
from crm_ibis.metrics import graph
from crm_ibis.sources import spec


def skipped_tables(names: Iterable[str]) -> list[str]:
    """Those of the named tables that can have no row without the sources that are absent."""
    absent = spec.load_spec().absent
    return graph.empty_without(list(names), absent, load_params()) if absent else []


def computable_tables(names: Iterable[str], report: Report) -> list[str]:
    """The named tables without those that are left out; a progress line names those.

    Raises UsageError when nothing remains.
    """
    names = list(names)
    without = skipped_tables(names)
    if without:
        skipped = (
            f"{', '.join(without)}: skipped: all their sources are marked absent in sources.yml"
        )
        if len(without) == len(names):
            raise UsageError(f"{skipped}; map at least one of them there")
        report(ProgressEvent("skipped", skipped))
    return [name for name in names if name not in without]
