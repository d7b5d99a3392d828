"""Files that an engine reads like a table."""

from dataclasses import dataclass
from typing import Literal

Format = Literal["csv", "parquet"]


@dataclass(frozen=True)
class Files:
    """Files of one format with the same columns, read as one table.

    CSV files have a header, quotes like `"`, and every column is text; what is empty is null.
    """

    format: Format
    paths: tuple[str, ...]
    """Absolute paths, or one URL."""
    columns: tuple[str, ...] = ()
    """Of CSV files, unless they are a URL, as the header names them."""
    delimiter: str = ","
