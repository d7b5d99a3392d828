"""Alerts sent while the database is down, kept in local files until it can be reached again.

They keep failing runs from repeating the same alert, and let the recovery be announced.
"""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from crm_ibis.config.settings import Settings

REPEATED = timedelta(hours=24)
"""A failure that lasts longer is announced again: this file may have been left behind."""


@dataclass(frozen=True)
class SentAlert:
    """An alert about one table, and the channels that took it. It holds no values of rows."""

    table: str
    event: str
    gist: str
    run_id: str | None
    since: datetime | None
    told_at: datetime
    heard: tuple[str, ...]


def recall(settings: Settings) -> list[SentAlert]:
    """All alerts that were sent; a file that cannot be read is left out."""
    found = []
    for file in sorted(_folder(settings).glob("*.json")):
        with suppress(OSError, ValueError, TypeError, KeyError):
            kept = json.loads(file.read_text(encoding="utf-8"))
            since = datetime.fromisoformat(kept["since"]) if kept["since"] else None
            told_at = datetime.fromisoformat(kept["told_at"])
            more = {"since": since, "told_at": told_at, "heard": tuple(kept["heard"])}
            found.append(SentAlert(**{**kept, **more}))
    return found


def remember(settings: Settings, alerts: Iterable[SentAlert]) -> None:
    """Keeps alerts, in place of earlier ones of the same event and table; raises OSError."""
    folder = _folder(settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for alert in alerts:
        file = folder / _file_name(alert)
        new = file.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(asdict(alert), default=str), encoding="utf-8")
        new.replace(file)


def forget(settings: Settings, alerts: Iterable[SentAlert]) -> None:
    """Drops what was kept of these alerts."""
    for alert in alerts:
        with suppress(OSError):
            (_folder(settings) / _file_name(alert)).unlink()


def _file_name(alert: SentAlert) -> str:
    return f"{alert.event}.{alert.table}.json"


def _folder(settings: Settings) -> Path:
    """One for each analytics schema of each database; the URL's password is no part of its name."""
    state = os.environ.get("XDG_STATE_HOME")
    home = Path(state) if state else Path("~/.local/state").expanduser()
    place = f"{_place(settings.database_url)} {settings.analytics_schema}"
    return home / "crm_ibis" / sha256(place.encode()).hexdigest()[:16]


def _place(url: str) -> str:
    if url.startswith("duckdb:"):
        path = url.removeprefix("duckdb:").removeprefix("//")
        return f"duckdb:{Path(path).absolute()}"
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    options = [pair for pair in parse_qsl(parts.query) if pair[0] != "password"]
    return f"{login.partition(':')[0]}@{host}{parts.path} {options}"
