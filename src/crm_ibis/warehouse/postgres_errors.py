"""What PostgreSQL's errors mean, and what to do about them."""

import psycopg
from psycopg import errors

from crm_ibis.config.settings import Settings, is_ambiguous, redact, shown_url
from crm_ibis.warehouse.driver_messages import driver_message, without_values

RESOURCES = (errors.DiskFull, errors.OutOfMemory, errors.ConfigurationLimitExceeded)
TRANSIENT_ERRORS = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.TooManyConnections,
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.IdleInTransactionSessionTimeout,
)
"""What may well be over at another attempt."""
REFUSED = "FATAL:"
UNREADY = (
    "starting up",
    "shutting down",
    "recovery",
    "not yet accepting",
    "too many",
    "reserved",
    "terminating",
)
"""What a server says that will take the connection later; other refusals are final."""


def is_final_refusal(error: Exception) -> bool:
    """Whether a server that refused a connection will refuse the next one too."""
    return REFUSED in str(error) and not any(word in str(error) for word in UNREADY)


def explain_refusal(error: Exception, settings: Settings) -> str:
    """Why there is no connection, without the password."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # The remedy asks the same.
    message = "; ".join(line for line in lines if not line.startswith("Is the server running"))
    where = shown_url(settings.database_url)
    remedy = _refusal_remedy(message, settings)
    return f"cannot connect to {where}: {redact(message, settings.database_url)}; {remedy}"


def _refusal_remedy(message: str, settings: Settings) -> str:
    if "password authentication failed" in message or "no password supplied" in message:
        return "check user and password in CRM_IBIS_DATABASE_URL, or ~/.pgpass"
    if "does not exist" in message:
        return "create it, or name another in CRM_IBIS_DATABASE_URL"
    if is_ambiguous(settings.database_url):
        return (
            "user or password in the URL hold an @, /, ? or # that is not percent-encoded; write "
            "%40, %2F, %3F or %23"
        )
    return "check host, port and that the server runs"


def explain(error: Exception, settings: Settings, read_only: bool, is_lost: bool) -> str:
    """What an error of a statement means, and the remedy, without values and the password.

    `is_lost` says that the connection is broken.
    """
    message = redact(driver_message(error), settings.database_url)
    if isinstance(error, psycopg.DataError):
        return f"PostgreSQL: {without_values(message)}"
    if isinstance(error, errors.DependentObjectsStillExist):
        return f"PostgreSQL: {message}: {error.diag.message_detail}"
    remedy = _remedy(error, settings, read_only, is_lost)
    return f"PostgreSQL: {message}; {remedy}" if remedy else f"PostgreSQL: {message}"


def _remedy(error: Exception, settings: Settings, read_only: bool, is_lost: bool) -> str | None:
    if isinstance(error, errors.InsufficientPrivilege):
        return _missing_rights(settings, read_only)
    if isinstance(error, errors.LockNotAvailable):
        return (
            "somebody has been reading or changing that table in an open transaction for "
            f"{settings.lock_timeout:g} s; end that, or raise CRM_IBIS_LOCK_TIMEOUT"
        )
    if isinstance(error, errors.QueryCanceled):
        return "nothing was published; run again, or raise `timeout` of the job in jobs.yml"
    if isinstance(error, errors.UniqueViolation):
        return "is its grain another one than before? Rename or drop the table, then refresh"
    if isinstance(error, RESOURCES):
        return "free space or memory on the server and run again. Nothing was published."
    if isinstance(error, errors.SerializationFailure | errors.DeadlockDetected):
        return "somebody else changed the same rows meanwhile; run again"
    if is_lost:
        return (
            "the connection was lost; unless that happened while committing, nothing was "
            "published. Run again"
        )
    return None


def _missing_rights(settings: Settings, read_only: bool) -> str:
    if read_only:
        return "grant the user USAGE on that schema and SELECT on its tables"
    return (
        f"grant the user CREATE on the database, or on the schemas {settings.analytics_schema} and "
        f"{settings.meta_schema}, TEMPORARY on the database, and SELECT on {settings.raw_schema}"
    )
