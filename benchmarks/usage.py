"""What a whole process costs: seconds, processor time and memory, its database server included."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PROC = Path("/proc")
EVERY = 0.05
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """What one process used, or the median of several."""

    seconds: float
    cpu: float
    mib: float
    """At most, of its own; 0 where the system does not tell."""


class Failed(Exception):
    """A measured process failed; the text is the end of what it printed."""


class Server:
    """A PostgreSQL on this machine, seen from outside; without one, nothing is counted."""

    def __init__(self, postmaster: int | None = None) -> None:
        self.postmaster = postmaster

    def processes(self) -> list[int]:
        """The postmaster's children."""
        if self.postmaster is None:
            return []
        children = PROC / str(self.postmaster) / "task" / str(self.postmaster) / "children"
        return [int(child) for child in _read(children).split()]

    def cpu(self) -> float:
        """Seconds that the server has used since it was started, ended processes included."""
        if self.postmaster is None:
            return 0
        return sum(_ticks(process) for process in [self.postmaster, *self.processes()]) / TICKS

    def mib(self) -> float:
        """Private memory of its processes now."""
        return sum(_mib(process, "RssAnon") for process in self.processes())


def server_of(url: str) -> Server:
    """The server of a URL, if it is a PostgreSQL that runs on this machine."""
    if url.startswith("duckdb:"):
        return Server()
    import psycopg

    with psycopg.connect(url) as con:
        backend = con.info.backend_pid
        fields = _stat(backend)
        is_here = fields and "postgres" in _read(PROC / str(backend) / "comm")
    return Server(int(fields[1]) if is_here else None)


def measured(
    command: Sequence[str],
    env: Mapping[str, str] | None = None,
    *,
    cwd: Path | None = None,
    server: Server | None = None,
    allowed: Sequence[int] = (0,),
) -> tuple[Usage, str]:
    """Runs a command; what it used, and what it wrote to stdout. Raises Failed."""
    server = server or Server()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        before = server.cpu()
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env={**os.environ, **(env or {})}, cwd=cwd, stdout=out, stderr=err
        )
        with _Watch(process.pid, server) as watch:
            _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        time.sleep(EVERY)  # a server process is counted once it has ended, or while it runs
        cpu = used.ru_utime + used.ru_stime + server.cpu() - before
        if process.returncode not in allowed:
            raise Failed(f"{' '.join(command)}\n{_end_of(out)}{_end_of(err)}")
        out.seek(0)
        return Usage(seconds, cpu, watch.peak), out.read()


class _Watch:
    """Looks again and again at the memory of a process, and of a server."""

    # Not the system's figure for ended processes: that is never less than this process used when it
    # started them.
    def __init__(self, process: int, server: Server) -> None:
        self.process = process
        self.server = server
        self.peak = 0.0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._look)

    def __enter__(self) -> "_Watch":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def _look(self) -> None:
        while not self.over.wait(EVERY):
            self.peak = max(self.peak, _mib(self.process, "VmHWM") + self.server.mib())


def _end_of(file: IO[str]) -> str:
    file.seek(0)
    return file.read()[-2000:]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def _stat(process: int) -> list[str]:
    """What the system says of a process, from its state on: the name before may hold blanks."""
    return _read(PROC / str(process) / "stat").rpartition(")")[2].split()


def _ticks(process: int) -> int:
    """User and system time of a process and of its children that have ended."""
    return sum(int(ticks) for ticks in _stat(process)[11:15])


def _mib(process: int, figure: str) -> float:
    status = _read(PROC / str(process) / "status").splitlines()
    kib = [int(line.split()[1]) for line in status if line.startswith(figure)]
    return sum(kib) / 1024
