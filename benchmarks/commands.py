"""The processes that are measured or that prepare a measuring, each a program of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.databases import BY_HAND, OURS, RAW, ROOT
from benchmarks.generate import AS_OF
from benchmarks.usage import Failed, Server, Usage, measured

CLEARED = ("CRM_IBIS_HOME", "CRM_IBIS_PARAMS", "CRM_IBIS_MEMORY_LIMIT", "CRM_IBIS_READER_ROLES")
"""Settings of the environment that would change what is measured."""
CRM_IBIS = (sys.executable, "-m", "crm_ibis")


@dataclass(frozen=True)
class Subject:
    """A database with generated sources, and the tables that are made in it."""

    url: str
    server: Server
    tables: Sequence[str]

    def load(self, leads: int) -> None:
        """Loads that many leads, and what belongs to them."""
        self._run("benchmarks.databases", self.url, str(leads))

    def clear(self) -> None:
        """Drops what was published and what was computed by hand."""
        self._run("benchmarks.databases", self.url)

    def refresh(self, memory_limit: str = "") -> tuple[Usage, int]:
        """A refresh of all tables: what it used, and how many rows it wrote."""
        given = {"CRM_IBIS_MEMORY_LIMIT": memory_limit} if memory_limit else {}
        usage, printed = measured(
            [*CRM_IBIS, "refresh", "--as-of", f"{AS_OF}", "--json", *self.tables],
            {**settings(self.url), **given},
            server=self.server,
            cwd=ROOT,
        )
        tables = json.loads(printed)["tables"]
        return usage, sum(t["new"] + t["changed"] + t["gone"] for t in tables)

    def by_hand(self) -> Usage:
        """The same tables by hand-written SQL."""
        command = [sys.executable, "-m", "benchmarks.hand_written", self.url, RAW, BY_HAND]
        usage, _ = measured(
            [*command, f"{AS_OF}", *self.tables], settings(self.url), server=self.server, cwd=ROOT
        )
        return usage

    def compare(self) -> None:
        """Raises Failed when a cell of the two differs."""
        self._run("benchmarks.cells", self.url, *self.tables)

    def _run(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", module, *arguments]
        env = {**os.environ, **settings(self.url)}
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True)
        if done.returncode:
            raise Failed((done.stderr or done.stdout).decode()[-2000:])


def settings(url: str) -> dict[str, str]:
    """What the environment of a measured process says of the database, and nothing else."""
    return {
        **dict.fromkeys(CLEARED, ""),
        "CRM_IBIS_DATABASE_URL": url,
        "CRM_IBIS_RAW_SCHEMA": RAW,
        "CRM_IBIS_ANALYTICS_SCHEMA": OURS,
    }
