"""A session of Spark: found, held against what correctness needs, and refused in one line."""

import logging
import os
import re
import socket
import sys
from typing import Any
from urllib.parse import urlsplit

from crm_ibis.config.settings import Settings, shown_url
from crm_ibis.engines.java import find_java
from crm_ibis.engines.spark_errors import gist
from crm_ibis.errors import TransientError, UsageError

VERSIONS = ("3.5", "4.0")
PORTS = {"spark": 7077, "sc": 15002}
CONNECT_TIMEOUT = 10.0

NEEDED = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
}
"""Without the first, an overflow or a bad cast is null; the second reads timestamps; without the
third, Spark rounds the product or the difference of two long decimals to make room for digits that
nobody needs, where the databases keep all of them."""
ALIKE = {"spark.sql.session.timeZone": ("UTC", "Etc/UTC", "Z", "GMT", "+00:00")}

REMEDY = "give spark://local[2], spark://HOST:7077 or sc://HOST:15002"


def open_session(settings: Settings) -> Any:
    """A session of its own: temporary views and settings are not shared with others.

    Raises UsageError for what has to be changed before it can be used, TransientError for a Spark
    that cannot be reached.
    """
    url = settings.engine_url or ""
    scheme, _, place = url.partition("://")
    if scheme not in PORTS or not place:
        raise UsageError(f"CRM_IBIS_ENGINE_URL is {shown_url(url)}: {REMEDY}")
    is_local = scheme == "spark" and re.fullmatch(r"local(\[(\*|\d+)\])?", place) is not None
    version = _pyspark_version()
    if not is_local:
        _reach(url, scheme)
    if scheme == "sc":
        session = _connect(url)
    else:
        find_java(version)
        session = _start(place if is_local else url, settings)
        logging.getLogger().addFilter(_is_not_of_py4j)
    _refuse_version(session.version, version)
    _settle(session)
    return session


def _pyspark_version() -> str:
    try:
        import pyspark
    except ImportError:
        raise UsageError(
            "CRM_IBIS_ENGINE_URL is set, and pyspark is not installed; "
            "pip install 'crm-ibis[spark]'"
        ) from None
    version = ".".join(pyspark.__version__.split(".")[:2])
    if version not in VERSIONS:
        raise UsageError(
            f"pyspark {pyspark.__version__} is installed, and only {' and '.join(VERSIONS)} are "
            "tried; pip install 'pyspark==3.5.*', or the version of the cluster among these"
        )
    return version


def _reach(url: str, scheme: str) -> None:
    """Raises TransientError where nobody listens: Spark itself would try for a minute."""
    try:
        found = urlsplit(url)
        host = found.hostname
        port = found.port or PORTS[scheme]
    except ValueError:
        host = None
        port = 0
    if not host:
        raise UsageError(f"CRM_IBIS_ENGINE_URL is {shown_url(url)}: {REMEDY}")
    try:
        socket.create_connection((host, port), CONNECT_TIMEOUT).close()
    except OSError as error:
        raise TransientError(
            f"cannot reach Spark at {host}:{port}: {error.strerror or error}; check host and port "
            "in CRM_IBIS_ENGINE_URL and that the server runs"
        ) from None


def _start(master: str, settings: Settings) -> Any:
    from py4j.protocol import Py4JError
    from pyspark import SparkContext
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    running = SparkContext._active_spark_context
    if running is not None and running.master != master:
        raise UsageError(
            f"this process already has a session of Spark on {running.master}, and "
            f"CRM_IBIS_ENGINE_URL names {master}; stop the one or name the other"
        )
    try:
        builder = SparkSession.builder.master(master).appName(settings.application)
        session = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
        _refuse_contradictions(dict(session.sparkContext.getConf().getAll()))
        return session.newSession()
    except (Py4JError, PySparkException, OSError) as error:
        raise TransientError(
            f"Spark cannot be started on {master}: {gist(error)}; its log says more"
        ) from None


def _is_not_of_py4j(record: logging.LogRecord) -> bool:
    """The gateway logs a traceback for a Java that is gone, which is told as an error anyway."""
    return "py4j" not in record.pathname


def _connect(url: str) -> Any:
    try:
        from pyspark.sql.connect.session import SparkSession
    except ImportError as error:
        raise UsageError(
            f"Spark Connect needs more packages ({error}); pip install 'crm-ibis[spark]'"
        ) from None
    return SparkSession.builder.remote(url).create()


def _refuse_contradictions(given: dict[str, str]) -> None:
    """Raises UsageError where Spark's own configuration demands what would give other cells."""
    for name, needed in NEEDED.items():
        found = given.get(name)
        if found and found.lower() not in [v.lower() for v in ALIKE.get(name, (needed,))]:
            raise UsageError(
                f"Spark's configuration says {name}={found}, and the cells are right only with "
                f"{needed}; take it out of spark-defaults.conf"
            )


def _refuse_version(server: str, ours: str) -> None:
    if ".".join(server.split(".")[:2]) != ours:
        raise UsageError(
            f"the server runs Spark {server}, and pyspark {ours} is installed here; "
            f"pip install 'pyspark=={'.'.join(server.split('.')[:2])}.*' (3.5 and 4.0 are tried)"
        )


def _settle(session: Any) -> None:
    """Sets what correctness needs, and refuses a session that does not take it."""
    for name, needed in NEEDED.items():
        session.conf.set(name, needed)
        if session.conf.get(name) != needed:
            raise UsageError(
                f"the session of Spark keeps {name}={session.conf.get(name)}, and the cells are "
                f"right only with {needed}; have the server allow it"
            )
