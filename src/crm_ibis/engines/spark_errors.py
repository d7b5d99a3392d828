"""What Spark's errors mean, and what to do about them."""

import re
import subprocess
from typing import Any

LOST = (
    "ExecutorLostFailure",
    "executor lost",
    "SparkContext was shut down",
    "SparkContext has been shutdown",
    "stopped SparkContext",
    "All masters are unresponsive",
    "FetchFailed",
    "StatusCode.UNAVAILABLE",
    "Connection refused",
    "Answer from Java side is empty",
    "Error while obtaining a new communication channel",
    "INVALID_HANDLE.SESSION",
    "Connection reset",
)
CANCELLED = ("cancelled", "OPERATION_CANCELED", "interrupted")
GRACE = 1.0
"""Seconds between the end of a process's connections and its own."""
QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")
KEEPS_NAMES = ("UNRESOLVED", "TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND", "PARSE_SYNTAX_ERROR")
"""Errors about names, which are nobody's values."""


def driver_errors() -> tuple[type[Exception], ...]:
    """What pyspark raises: of its own, by way of Java's gateway, or of Connect's channel."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    found: list[type[Exception]] = [PySparkException, Py4JError, ConnectionError]
    try:
        import grpc

        found.append(grpc.RpcError)
    except ImportError:  # without Connect
        pass
    return tuple(found)


def is_transient(error: Exception) -> bool:
    """Whether another attempt may well succeed: a lost driver or executor, a cancelled job."""
    said = _text(error)
    return _is_lost(error, said) or any(word in said for word in CANCELLED)


def _is_lost(error: Exception, said: str) -> bool:
    from py4j.protocol import Py4JError, Py4JJavaError

    if isinstance(error, ConnectionError) or any(word in said for word in LOST):
        return True
    # Py4J has many words for a Java that ended in the middle of a call, "An error occurred while
    # calling o21.sc" among them.
    is_of_gateway = isinstance(error, Py4JError) and not isinstance(error, Py4JJavaError)
    return is_of_gateway and driver_is_gone()


def driver_is_gone() -> bool:
    """Whether the Java that this process started has ended, or is about to."""
    from pyspark import SparkContext

    java: subprocess.Popen[bytes] | None = getattr(SparkContext._gateway, "proc", None)
    if java is None:
        return False
    try:
        java.wait(GRACE)
    except subprocess.TimeoutExpired:
        return False
    return True


def explain(error: Exception, timeout: float | None) -> str:
    """What an error means, and the remedy, on one line and without values."""
    said = _text(error)
    if _is_lost(error, said):
        return (
            f"Spark lost its driver or an executor: {gist(error)}; nothing was published. Run "
            "again, with more memory where it was killed for that (spark.driver.memory, "
            "spark.executor.memory)"
        )
    if any(word in said for word in CANCELLED):
        limit = f" after {timeout:g} s, the `timeout` of the job in jobs.yml" if timeout else ""
        return f"Spark's job was cancelled{limit}; nothing was published. Run again"
    if "OutOfMemoryError" in said or "maxResultSize" in said:
        return (
            f"Spark ran out of memory: {gist(error)}; raise spark.driver.memory or "
            "spark.executor.memory in spark-defaults.conf. Nothing was published."
        )
    if "MALFORMED_CSV_RECORD" in said:  # which says what stands there
        return (
            "a line of a CSV file has more or fewer columns than the header; fix the file and run "
            "again"
        )
    if unknown := re.search(r"ClassNotFoundException: ([\w.$]+)", said):
        return (
            f"Spark's configuration names {unknown[1]}, which Spark does not have; put its jar "
            "into spark.jars or spark.jars.packages in spark-defaults.conf"
        )
    return f"Spark: {gist(error)}"


def _text(error: Exception) -> str:
    java: Any = getattr(error, "java_exception", None)
    try:
        return f"{error} {java.toString()}" if java is not None else str(error)
    except Exception:  # of a driver that is gone
        return str(error)


def gist(error: Exception) -> str:
    """The first line that says something, without what it quotes: that may be anybody's value."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    caused = [line for line in lines if line.startswith("Caused by: ")]
    told = [line for line in lines if line.startswith(("[", ": ", "Job aborted"))]
    line = (caused[-1:] or told[:1] or lines[:1] or [type(error).__name__])[0]
    line = line.removeprefix("Caused by: ").removeprefix(": ")
    if not any(word in line for word in KEEPS_NAMES):
        line = QUOTED.sub("(not shown)", line)
    return line if len(line) <= 300 else f"{line[:297]}..."
