"""The progress of a run, for tests to look at."""

from crm_ibis.events import Report


def into(lines: list[str]) -> Report:
    """A report that keeps the lines that people would read."""
    return lambda event: lines.append(str(event))
