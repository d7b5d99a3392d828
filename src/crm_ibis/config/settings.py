"""Settings: the environment first, then the defaults."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, unquote_plus

from crm_ibis.errors import UsageError

DEFAULT_FILE = "crm.duckdb"
DEFAULT_URL = f"duckdb://{DEFAULT_FILE}"


@dataclass(frozen=True)
class Settings:
    """Where the database is and how to use it."""

    database_url: str = DEFAULT_URL
    params_file: Path | None = None
    raw_schema: str = "raw"
    analytics_schema: str = "analytics"
    lock_timeout: float = 60.0
    memory_limit: int | None = None
    """Bytes."""
    statement_timeout: float | None = None
    """Seconds after which PostgreSQL ends a statement; the jobs of jobs.yml set it."""
    reader_roles: tuple[str, ...] = ()
    engine_url: str | None = None
    """Where tables are computed, such as `spark://local[2]`; None for the database itself."""
    application: str = "crm_ibis"
    """What PostgreSQL shows of a connection: the program, and the command or the job."""

    @property
    def meta_schema(self) -> str:
        return f"{self.analytics_schema}_meta"


def load_settings(database_url: str | None = None, params_file: str | None = None) -> Settings:
    """Settings from the environment; what is given here wins.

    Raises UsageError for a lock timeout that is not a number.
    """
    env = os.environ
    file = params_file or env.get("CRM_IBIS_PARAMS")
    roles = env.get("CRM_IBIS_READER_ROLES", "").split(",")
    return Settings(
        database_url=database_url or env.get("CRM_IBIS_DATABASE_URL") or _default_url(),
        params_file=Path(file).expanduser() if file else None,
        raw_schema=env.get("CRM_IBIS_RAW_SCHEMA") or "raw",
        analytics_schema=env.get("CRM_IBIS_ANALYTICS_SCHEMA") or "analytics",
        lock_timeout=_seconds(env.get("CRM_IBIS_LOCK_TIMEOUT") or "60"),
        memory_limit=_size(env.get("CRM_IBIS_MEMORY_LIMIT") or ""),
        engine_url=env.get("CRM_IBIS_ENGINE_URL") or None,
        reader_roles=tuple(role.strip() for role in roles if role.strip()),
    )


def _default_url() -> str:
    """The file beside the project's crm_ibis.yml, or in the current folder where there is none."""
    from crm_ibis.config import project  # reads YAML, which scripts with a database do without

    try:
        folder = project.own_home()
    except UsageError:  # a command that needs the project reports it
        folder = None
    if folder is None or folder.resolve() == Path.cwd():
        return DEFAULT_URL
    return f"duckdb://{quote(str(folder.resolve() / DEFAULT_FILE))}"


def shown_url(url: str) -> str:
    """A database URL that may be printed: without password and options."""
    scheme, _, rest = url.partition(":")
    if scheme == "duckdb":
        return url.split("?")[0]
    login, at, place = rest.rpartition("@")
    if not rest.startswith("//") or "?" in login:  # no telling where the password ends
        return f"{scheme}:..."
    return f"{scheme}:{'//' if at else ''}{login[2:].split(':')[0]}{at}{place.split('?')[0]}"


def redact(message: str, url: str) -> str:
    """A message without what is, or may be, a part of the password in a database URL.

    A password with an unescaped special character is read wrongly: a part of it then looks like
    the host. So whatever is between the user and the last @ is secret, and so is each part of it.
    """
    login = url.partition(":")[2].removeprefix("//").rpartition("@")[0]
    written = {login.partition(":")[2], *parse_qs(url.partition("?")[2]).get("password", [])}
    secrets = {form for text in written for form in (text, unquote(text), unquote_plus(text))}
    parts = {part for secret in secrets for part in re.split(r"[@/?#]", secret)}
    for secret in sorted(secrets - {""}, key=len, reverse=True):
        message = message.replace(secret, "***")
    for part in sorted(parts - {""}, key=len, reverse=True):
        message = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "***", message)
    return message


def is_ambiguous(url: str) -> bool:
    """Whether user and password of a URL hold characters that look like their end."""
    login = url.partition(":")[2].removeprefix("//").rpartition("@")[0]
    return bool(re.search(r"[@/?#]", login))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < 10**6:
        raise UsageError(f"CRM_IBIS_LOCK_TIMEOUT is {text!r}; give a number of seconds, such as 60")
    return seconds


def _size(text: str) -> int | None:
    if not text:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT])i?B?", text.strip(), re.IGNORECASE)
    if not match or not float(match[1]):
        raise UsageError(f"CRM_IBIS_MEMORY_LIMIT is {text!r}; give a size such as 512MB or 4GB")
    return int(float(match[1]) * 1024 ** (1 + "KMGT".index(match[2].upper())))
