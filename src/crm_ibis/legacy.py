"""Names of version 0.1.0, for the files of project folders that still import them.

A folder that was made by version 0.1.0 has copies of its flows, which import modules that have
moved since. Such a name leads to what it is called now, with a DeprecationWarning. Modules of the
package itself never use one.
"""

import sys
import warnings
from collections.abc import Callable
from functools import wraps
from importlib import import_module, util
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from inspect import isfunction, signature
from types import ModuleType
from typing import Any

PACKAGE = "crm_ibis"
REMEDY = "`crm-ibis init --upgrade` turns a project folder of version 0.1.0 into one of today"

MODULES = {
    "access": "publishing.grants",
    "ahead": "publishing.prefetch",
    "alerts": "operations.alerts operations.routes operations.delivery",
    "blocking": "operations.impact",
    "catalog": "metrics.catalog",
    "checks": "contracts.audit sources.check publishing.check",
    "connectors": "sources.connectors",
    "content": "config.project",
    "contracts": "contracts.models contracts.contract contracts.bases contracts.shipped",
    "coverage": "metrics.coverage",
    "deadlines": "operations.schedule",
    "declarations": "config.declarations config.alerting config.renamed config.files",
    "deployments": "operations.deployments",
    "differences": "history.diff",
    "docs": "metrics.describe",
    "emptiness": "metrics.emptiness",
    "expectations": "sources.expectations",
    "facts": "metrics.facts",
    "forecasts": "metrics.forecasts",
    "functions": "sources.functions",
    "graph": "metrics.graph",
    "history": "history.reader",
    "incidents": "operations.incidents",
    "job_runs": "operations.jobs",
    "kpis": "metrics.kpis",
    "kpis.operations": "metrics.kpis.hiring metrics.kpis.revenue metrics.kpis.combined",
    "mapping": "sources.spec contracts.plausible",
    "measures": "expressions",
    "metrics": "operations.statsd",
    "origins": "metrics.lineage",
    "outage": "operations.outage",
    "outcomes": "operations.outcomes",
    "params": "config.params",
    "prepend": "history.prepend",
    "pruning": "runlog.pruning",
    "publish": "publishing.publish",
    "quarantine": "sources.quarantine sources.settled",
    "recording": "publishing.record publishing.backfill",
    "refresh": "publishing.refresh",
    "results": "publishing.compute",
    "retiring": "publishing.retire",
    "rules": "contracts.rules contracts.pandera_checks contracts.violations",
    "runlog": "runlog.log runlog.clock runlog.publications runlog.layout",
    "runs": "runlog.summaries",
    "seeds": "sources.seeds",
    "settings": "config.settings",
    "snapshots": "history.merge history.guards history.future",
    "sources": "sources.resolve publishing.scope",
    "staging": "metrics.staging",
    "status": "operations.status",
    "unavailable": "metrics.unavailable",
    "upkeep": "publishing.upkeep",
    "validation": "config.validation",
    "watch": "operations.watchdog",
}
"""Where the modules of version 0.1.0 are now; what one of them held may be in several."""

NAMES = {
    "catalog": {"published": "published_tables", "tagged": "tables_with_tag"},
    "checks": {"planned_audit": "plan_audit"},
    "contracts": {"declared": "get_contract"},
    "declarations": {
        "GUARDED_FROM": "MASS_CHANGE_MIN_ROWS",
        "UNHURRIED": "NO_SLA_BUDGET",
        "job_named": "get_job",
    },
    "deployments": {"in_step": "is_current"},
    "graph": {"compiled": "compile_table", "written": "table_sql"},
    "history": {
        "in_order": "sort_versions",
        "recorded": "recorded_versions",
        "snapshot_named": "get_snapshot",
    },
    "incidents": {"alone": "alert_lock", "tell": "notify", "untroubled": "report_errors"},
    "job_runs": {"carried_out": "run_with_alerts"},
    "mapping": {"Mapping": "SourceSpec", "Sources": "SourcesFile", "declared": "load_spec"},
    "outcomes": {
        "planned": "plan_run",
        "tell_of_breach": "alert_sla_breach",
        "tell_of_failure": "alert_failure",
        "tell_of_success": "report_success",
        "tell_of_unknown": "alert_unknown_job",
    },
    "quarantine": {"TooMany": "QuarantineLimitExceeded"},
    "recording": {"chosen": "select_snapshots", "merge_published": "merge_snapshots"},
    "results": {"audited_for": "tables_to_audit", "sources_of": "sources_to_check"},
    "runlog": {"in_the_future": "is_after_clock", "logged": "logged_run", "running": "active_run"},
    "runs": {
        "UNFOLLOWED": "NOT_RETRIED_SQL",
        "killed": "killed_runs",
        "made": "recorded_tables",
        "quarantined": "quarantined_rows",
        "sources_seen": "source_ages",
    },
    "sources": {
        "computable": "computable_tables",
        "left_out": "skipped_tables",
        "mapped_from": "apply_spec",
        "source": "build_source",
    },
    "watch": {"guarded": "watch_or_alert"},
}
"""What functions, classes and constants are called now, by their module of version 0.1.0."""


HELD = {
    "contracts": (
        "CATEGORY Column Contract HIDDEN ID IDENTIFIER_BYTES VALIDITY check_history check_types "
        "contract_of contracts declared histories history_of"
    ),
    "history": "Span columns_of in_order key_of recorded snapshot_named span",
    "metrics": "AGENT Metrics",
    "runlog": (
        "Attempt CLOCK_TOLERANCE ENDED_UNEXPECTEDLY LAYOUTS LONGEST_ERROR RETIRED TableRun fail "
        "first_merge has_layout in_the_future log_failure log_table logged now past prepare "
        "prepare_unless_at_work publications refuse_clock_ahead running start succeed"
    ),
    "sources": (
        "CURRENCY NotThere Origin computable left_out mapped_from origin origin_in_words places "
        "source source_tables unread_of"
    ),
}
"""What the modules held whose names are packages today, which have other things of their own."""


def _hints(outcome: Any) -> list[tuple[str, str]]:
    return [(table.table, warning) for table in outcome.tables for warning in table.warnings]


ATTRIBUTES: dict[str, dict[str, str | Callable[[Any], Any]]] = {
    "config.declarations.Job": {
        "allowed": "sla_duration",
        "made": "outputs",
        "published": "published_tables",
    },
    "operations.outcomes.JobRun": {"in_time": "met_sla"},
    "operations.outcomes.Outcome": {"hints": _hints},
    "operations.schedule.Deadline": {"missed": "is_late"},
    "operations.status.Status": {"in_order": "is_healthy"},
    "runlog.log.TableRun": {"touched": "changed_rows"},
}
"""What attributes of objects are called now."""


class OldModule(ModuleType):
    """A module of version 0.1.0: each of its names leads to what it is called now."""

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            homes = _homes(_short(self.__name__))
            return [public for home in homes for public in vars(home) if public[:1] != "_"]
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return _find(_short(self.__name__), name)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """`crm_ibis.refresh` was a module; once that is imported, it stands for the function."""
        return getattr(self, _short(self.__name__))(*arguments, **named)


class _Loader(Loader):
    """Makes modules of version 0.1.0."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return OldModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        _homes(_short(module.__name__))


def find_spec(name: str) -> ModuleSpec | None:
    """What imports a module of version 0.1.0 by its full name; None for any other."""
    homes = _homes_of(_short(name))
    if not homes:
        return None
    _warn(name, homes)
    return ModuleSpec(name, _Loader(), is_package=_short(name) == "kpis")


def attribute(module: str, name: str) -> Any:
    """A name that a module of version 0.1.0 held, whose own name a package has today.

    Raises AttributeError when it held nothing of that name.
    """
    old = _short(module)
    if name not in HELD[old].split():
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    _warn(f"{module}.{name}", _homes_of(old))
    return _find(old, name)


def _short(module: str) -> str:
    return module.removeprefix(f"{PACKAGE}.")


def _homes_of(old: str) -> list[str]:
    """Where a module of version 0.1.0 is now, or a module of one of its packages."""
    if old in MODULES:
        return MODULES[old].split()
    parent, _, child = old.rpartition(".")
    if parent not in ("connectors", "kpis"):
        return []
    home = f"{MODULES[parent]}.{child}"
    return [home] if util.find_spec(f"{PACKAGE}.{home}") else []


def _homes(old: str) -> list[ModuleType]:
    found = [import_module(f"{PACKAGE}.{home}") for home in _homes_of(old)]
    _add_attributes()
    return found


def _find(old: str, name: str) -> Any:
    today = NAMES.get(old, {}).get(name, name)
    for home in _homes(old):
        if hasattr(home, today):
            return _with_lines(getattr(home, today))
    raise AttributeError(f"module '{PACKAGE}.{old}' has no attribute {name!r}; {REMEDY}")


def _with_lines(found: Any) -> Any:
    """A function that reports its progress as version 0.1.0 did: each step is a line of text."""
    if not isfunction(found) or "report" not in signature(found).parameters:
        return found

    @wraps(found)
    def function(*arguments: Any, **named: Any) -> Any:
        call = signature(found).bind(*arguments, **named)
        report = call.arguments.get("report")
        if report is not None:
            call.arguments["report"] = lambda step: report(str(step))
        return found(*call.args, **call.kwargs)

    return function


def _add_attributes() -> None:
    """Gives the classes that are loaded the attributes that they had."""
    for path, attributes in ATTRIBUTES.items():
        module, _, name = path.rpartition(".")
        if f"{PACKAGE}.{module}" in sys.modules:
            kind = getattr(sys.modules[f"{PACKAGE}.{module}"], name, None)
            for old, today in attributes.items():
                if kind is not None and not hasattr(kind, old):
                    setattr(kind, old, property(today if callable(today) else _reads(today)))


def _reads(attribute: str) -> Callable[[Any], Any]:
    return lambda owner: getattr(owner, attribute)


def _warn(name: str, homes: list[str]) -> None:
    where = " or ".join(f"{PACKAGE}.{home}" for home in homes)
    # Past this function, its caller, and the hook that called that one.
    warnings.warn(f"{name} is now in {where}; {REMEDY}", DeprecationWarning, stacklevel=4)
