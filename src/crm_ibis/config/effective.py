"""What holds: settings, parameters and declarations, and where each value comes from."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from crm_ibis.config import project
from crm_ibis.config.declarations import left_out
from crm_ibis.config.files import layered_file
from crm_ibis.config.overlay import Key, Layered, lay_over
from crm_ibis.config.params import FILE, layered_params, load_params
from crm_ibis.config.settings import Settings, shown_url
from crm_ibis.config.tolerance import tolerating
from crm_ibis.errors import UsageError

SETTINGS = {
    "database_url": "CRM_IBIS_DATABASE_URL",
    "params_file": "CRM_IBIS_PARAMS",
    "home": "CRM_IBIS_HOME",
    "sources_file": "CRM_IBIS_SOURCES",
    "raw_schema": "CRM_IBIS_RAW_SCHEMA",
    "analytics_schema": "CRM_IBIS_ANALYTICS_SCHEMA",
    "lock_timeout": "CRM_IBIS_LOCK_TIMEOUT",
    "memory_limit": "CRM_IBIS_MEMORY_LIMIT",
    "reader_roles": "CRM_IBIS_READER_ROLES",
}
"""The variable of the environment that each setting comes from."""


@dataclass(frozen=True)
class Section:
    """A part of the configuration: its values, and where those come from that are not shipped."""

    values: Mapping[str, Any]
    origins: Mapping[Key, str] = field(default_factory=dict)
    taken_away: Mapping[Key, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """What is not valid: it does not hold, though it is among the values."""


def settings_section(
    settings: Settings, from_options: Mapping[str, str], sources_file: str
) -> Section:
    """The settings without passwords; `from_options` names the option that each was given by."""
    values = {
        "database_url": shown_url(settings.database_url),
        "params_file": str(settings.params_file) if settings.params_file else None,
        "home": str(project.home()),
        "sources_file": sources_file,
        "raw_schema": settings.raw_schema,
        "analytics_schema": settings.analytics_schema,
        "lock_timeout": settings.lock_timeout,
        "memory_limit": settings.memory_limit,
        "reader_roles": list(settings.reader_roles),
    }
    origins: dict[Key, str] = {}
    origins |= {(name,): each for name, each in SETTINGS.items() if os.environ.get(each)}
    origins |= {(name,): option for name, option in from_options.items()}
    if project.own_home() and not os.environ.get("CRM_IBIS_HOME"):
        origins[("home",)] = "the current folder"
    return Section(values, origins)


def params_section(settings: Settings) -> Section:
    """The business assumptions."""
    file = settings.params_file
    try:
        load_params(file)
        return _section(layered_params(file))
    except UsageError as error:
        return _section(_readable_params(file), [str(error)])


def _readable_params(file: Path | None) -> Layered:
    """The parameter files, as far as they can be read."""
    paths = project.layers(FILE)
    for tried in ([*paths, file], paths, paths[:1]):
        with suppress(UsageError):
            return lay_over([path for path in tried if path is not None])
    return Layered()


def declared_section(name: str) -> Section:
    """jobs, exposures or snapshots, as the files say it, wrong entries included."""
    file = f"{name}.yml"
    with tolerating():
        wrong = [entry for entry in left_out() if entry.file == file]
        return _section(layered_file(file), map(str, wrong))


def sources_section(
    path: Path, shipped: Mapping[str, Any], problems: Iterable[str] = ()
) -> Section:
    """Where each source comes from: by sources.yml, else the table that stands for it."""
    try:
        layered = lay_over([path]) if path.exists() else Layered()
    except UsageError:  # which is among the problems
        layered = Layered()
    section = _section(layered, problems)
    said = section.values.get("sources") or {}
    if not isinstance(said, dict):
        return section
    sources = {name: said.get(name) or table for name, table in shipped.items()}
    values = {**section.values, "sources": {**said, **sources}}
    return replace(section, values=values)


def _section(layered: Layered, problems: Iterable[str] = ()) -> Section:
    own = {key: at for key, at in layered.places.items() if not project.is_shipped(at.path)}
    return Section(
        layered.values,
        {key: f"{project.display(at.path)}, line {at.line}" for key, at in own.items()},
        {
            key: f"{project.display(at.path)}, line {at.line}"
            for key, at in layered.taken_away.items()
        },
        tuple(layered.problems),
        tuple(problems),
    )
