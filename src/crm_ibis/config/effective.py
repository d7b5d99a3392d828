"""What holds: settings, parameters and declarations, and where each value comes from."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm_ibis.config import project
from crm_ibis.config.declarations import exposures, jobs, snapshots
from crm_ibis.config.files import layered_file
from crm_ibis.config.overlay import Key, Layered, lay_over
from crm_ibis.config.params import layered_params, load_params
from crm_ibis.config.settings import Settings, shown_url

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
    problems: tuple[str, ...] = ()


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
    """The business assumptions; raises UsageError when they are not valid."""
    load_params(settings.params_file)
    return _section(layered_params(settings.params_file))


def declared_section(name: str) -> Section:
    """jobs, exposures or snapshots; raises UsageError when they are not valid."""
    {"jobs": jobs, "exposures": exposures, "snapshots": snapshots}[name]()
    return _section(layered_file(f"{name}.yml"))


def sources_section(path: Path, shipped: Mapping[str, Any]) -> Section:
    """Where each source comes from: by sources.yml, else the table that stands for it."""
    layered = lay_over([path]) if path.exists() else Layered()
    section = _section(layered)
    said = section.values.get("sources") or {}
    sources = {name: said.get(name) or table for name, table in shipped.items()}
    return Section({**section.values, "sources": {**said, **sources}}, section.origins)


def _section(layered: Layered) -> Section:
    own = {key: at for key, at in layered.places.items() if not project.is_shipped(at.path)}
    return Section(
        layered.values,
        {key: f"{project.display(at.path)}, line {at.line}" for key, at in own.items()},
        {
            key: f"{project.display(at.path)}, line {at.line}"
            for key, at in layered.taken_away.items()
        },
        tuple(layered.problems),
    )
