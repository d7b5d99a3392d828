"""Shows a built site on this machine only."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from crm_ibis.errors import UsageError


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a line per file would bury the address."""


def server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server of the folder; raises UsageError when there is no site or the port is taken."""
    if not (folder / "index.html").is_file():
        raise UsageError(f"there is no site in {folder}; build one: crm-ibis site build")
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(_Quiet, directory=str(folder)))
    except OSError as error:
        raise UsageError(
            f"cannot listen on port {port}: {error.strerror}; give another with --port"
        ) from None
