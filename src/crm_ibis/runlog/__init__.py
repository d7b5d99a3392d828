"""What is written down about each run, and read from there."""

from typing import Any

from crm_ibis import legacy


def __getattr__(name: str) -> Any:
    """What the module of this name held in version 0.1.0."""
    return legacy.attribute(__name__, name)
