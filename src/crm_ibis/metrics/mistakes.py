"""What an own function did wrong, in words: a column that a table lacks, and its near match."""

import re

from ibis import Table

from crm_ibis.errors import near_match

NOT_FOUND = re.compile(r"Column '(\w+)' is not found in table\. Existing columns: (.*?)\.?$")


def gist(error: BaseException) -> str:
    """An error that a team's own function raised, on one line."""
    if isinstance(error, AttributeError) and isinstance(error.obj, Table):
        return _no_column(str(error.name), error.obj.columns)
    words = " ".join(str(error).split())
    if found := NOT_FOUND.search(words):
        return _no_column(found[1], tuple(re.findall(r"'(\w+)'", found[2])))
    return f"{type(error).__name__}: {words}"


def _no_column(name: str, columns: tuple[str, ...]) -> str:
    return f'there is no column "{name}"{near_match(name, columns)}; there are {", ".join(columns)}'
