"""What a reader must know of tables beside their numbers."""

from collections.abc import Sequence

from crm_ibis.metrics import graph
from crm_ibis.site.data.reading import Reading
from crm_ibis.text import count_of

WORDS = {
    "stale": "is as it was last published: its sources are absent in sources.yml since",
    "left out": "is not computed: its sources are absent in sources.yml",
    "unscheduled": "is as it was last published: no job publishes it",
}


def notices(tables: Sequence[str], reading: Reading) -> list[str]:
    """Of which tables nothing newer can come, what cannot be decided, and what is not counted.

    The first table is the one that the part of the page is about.
    """
    main = tables[0]
    known = [
        reading.standing[table] for table in dict.fromkeys(tables) if table in reading.standing
    ]
    found = [f"{status.table} {WORDS[status.state]}" for status in known if status.state in WORDS]
    found += [
        f"The source {origin.table} has no column {origin.column}: its targets are undecided and "
        "not counted"
        for origin in sorted(reading.undecided)
        if origin.table in graph.sources_of([main])
    ]
    status = reading.standing.get(main)
    if status and status.quarantined:
        rows = count_of(status.quarantined, "row")
        found.append(f"in quarantine, and not counted: {rows} of its sources")
    return found
