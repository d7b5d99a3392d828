"""Who is notified of what: routes and channels of jobs.yml, and what no route covers."""

from collections.abc import Collection, Iterable, Mapping, Set

from crm_ibis.config.alerting import OWNER, Event, Route
from crm_ibis.config.declarations import exposures, jobs, snapshots
from crm_ibis.config.files import file_of, is_left_over
from crm_ibis.metrics import catalog
from crm_ibis.metrics.catalog import Entry
from crm_ibis.operations.alerts import is_table, readers_of

UNROUTED: tuple[Event, ...] = ("failure", "late")
"""What goes to the default route where no other one finds a channel: no failure goes unreported."""


def channels_of(event: Event, table: str) -> list[str]:
    """The channels that are notified of an event of a table, by its owner and criticality.

    The default route takes failures and lateness that no other route takes, and so every recovery.
    A table that the project no longer has has no owner any more: every channel that is notified of
    recoveries is notified that it is gone.
    """
    declared = jobs()
    if event == "recovered" and not (is_table(table) and catalog.is_known(table)):
        routes = [
            channel for route in declared.alerts if event in route.events for channel in route.to
        ]
        return _resolve_owners([*routes, *declared.default_route], list(declared.owners))
    entries = _entries_of(table)
    owners = [entry.owner for entry in entries if entry.owner]
    found = _resolve_owners(_route(event, table), owners)
    if event == "recovered" or (event in UNROUTED and not found):
        found += _resolve_owners(declared.default_route, owners)
    return list(dict.fromkeys(found))


def channels_of_route(route: Route, fact: str) -> list[str]:
    """The channels that a route names for a fact, whose owners are those of its job's KPIs.

    None where the route is about other tables, or another criticality.
    """
    kpis = [kpi for job in jobs().jobs.values() if fact in job.facts for kpi in job.refresh]
    entries = [entry for kpi in kpis if (entry := catalog.entry_of(kpi))]
    if not _is_about(route, {fact, *kpis}, {entry.criticality for entry in entries}):
        return []
    return _resolve_owners(route.to, [entry.owner for entry in entries if entry.owner])


def _is_about(route: Route, tables: Set[str], criticality: Set[str | None]) -> bool:
    names_one = not route.tables or bool(tables & set(route.tables))
    return names_one and (not route.criticality or bool(criticality & set(route.criticality)))


def _route(event: Event, table: str) -> list[str]:
    """What the routes name for an event of a table, `owner` among it.

    A source is in a route if one of the KPIs that read it is.
    """
    kpis = {catalog.kpi_of(table) if is_table(table) else table, *readers_of(table)}
    criticality = {entry.criticality for entry in _entries_of(table)}
    return [
        channel
        for route in jobs().alerts
        if event in route.events and _is_about(route, kpis, criticality)
        for channel in route.to
    ]


def _entries_of(table: str) -> list[Entry]:
    """What is known of the KPI that an alert is about; of those that read it, if it is a source."""
    names = [table] if is_table(table) else readers_of(table)
    return [entry for name in names if (entry := catalog.entry_of(name))]


def _resolve_owners(named: Iterable[str], owners: Iterable[str]) -> list[str]:
    """Channels, with those of the owners where a route says `owner`."""
    known = jobs().owners
    owners = list(owners)
    found: list[str] = []
    for channel in named:
        if channel == OWNER:
            found += [theirs for owner in owners for theirs in known.get(owner, [])]
        else:
            found.append(channel)
    return list(dict.fromkeys(found))


def channels_for(
    event: Event, tables: Iterable[str], heard: Mapping[str, Collection[str]] | None = None
) -> dict[str, list[str]]:
    """The tables that each channel has still to be notified of."""
    found: dict[str, list[str]] = {}
    for table in tables:
        for channel in channels_of(event, table):
            if channel not in (heard or {}).get(table, ()):
                found.setdefault(channel, []).append(table)
    return found


def all_channels() -> list[str]:
    """Every channel that the jobs file names; raises UsageError for an owner nobody knows."""
    catalog.check_owners()
    return _named_channels()


def _named_channels() -> list[str]:
    declared = jobs()
    named = [channel for route in declared.alerts for channel in route.to]
    named += declared.default_route
    named = [channel for channel in named if channel != OWNER]
    named += [channel for channels in declared.owners.values() for channel in channels]
    return list(dict.fromkeys(named))


def gaps(environ: Mapping[str, str] | None = None) -> list[str]:
    """What would reach nobody, a line each: tables without a channel, owners without one, and with
    an environment given, channels whose URL it does not hold."""
    declared = jobs()
    listed = catalog.entries()
    due = [
        table for job in declared.jobs.values() if job.schedule and job.sla for table in job.tables
    ]
    silent_tables = {
        "failures": [t for t in [*listed, *snapshots()] if not channels_of("failure", t)],
        "lateness": [t for t in due if not channels_of("late", t)],
    }
    file = file_of("jobs.yml")
    found = [
        f"no channel is notified of {what} of {', '.join(tables)}; name one in `default_route` "
        f"of {file}"
        for what, tables in silent_tables.items()
        if tables
    ]
    owners = dict.fromkeys(exposure.owner for exposure in exposures().values())
    if silent := [owner for owner in owners if not declared.owners.get(owner)]:
        found.append(f"no channel under `owners` of {file}: {', '.join(silent)}")
    if strangers := [owner for owner in declared.owners if owner not in owners]:
        found.append(f"no exposure has these `owners` of {file}: {', '.join(strangers)}")
    return found if environ is None else [*found, *_without_url(environ)]


def _without_url(environ: Mapping[str, str]) -> list[str]:
    """What it means that channels have no URL.

    Shipped channels that a team has neither set nor taken away are worth no line for themselves.
    """
    named = _named_channels()
    unset = [channel for channel in named if not environ.get(variable_of(channel))]
    if unset and unset == named:
        return [
            "no channel has a URL in the environment, so no failure reaches anybody; "
            "`crm-ibis alerts test` names the variables"
        ]
    reached = {t: channels_of("failure", t) for t in [*catalog.entries(), *snapshots()]}
    silent = [table for table, to in reached.items() if to and set(to) <= set(unset)]
    found = []
    if silent:
        found.append(
            f"failures of {', '.join(silent)} reach nobody, as their channels have no URL in the "
            "environment"
        )
    if own := [variable_of(channel) for channel in unset if channel in _own_channels()]:
        found.append(f"no URL in the environment: {', '.join(own)}")
    return found


def _own_channels() -> set[str]:
    """The channels that the project's own jobs.yml names; all of them where there is none."""
    declared = jobs()
    own: list[str] = []
    if not is_left_over("jobs.yml", "alerts"):
        own += [channel for route in declared.alerts for channel in route.to]
    if not is_left_over("jobs.yml", "default_route"):
        own += declared.default_route
    for owner, channels in declared.owners.items():
        if not is_left_over("jobs.yml", "owners", owner):
            own += channels
    return set(own)


def variable_of(channel: str) -> str:
    """The environment variable that holds a channel's URL."""
    return f"CRM_IBIS_CHANNEL_{channel.upper()}"
