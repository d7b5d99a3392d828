"""docs/expressions.md: what `crm_ibis.expressions` offers, from signatures and docstrings."""

import inspect
from collections.abc import Callable
from typing import Any

from crm_ibis import expressions

HEAD = """\
# Building blocks

Written by `make generate` from the docstrings of `crm_ibis.expressions`; a test keeps it equal.

Each gives the same cells on DuckDB and PostgreSQL (percentiles agree to 1e-9), whatever the order
of the rows. Import what a table needs; where none of them fits, write plain Ibis.

```python
from crm_ibis.expressions import HOUR, money, ratio_pct
```

`HOUR` and `DAY` are numbers of microseconds. Compare durations with them
(`microseconds_between(sent, answered) > 2 * DAY`), and name one as the unit of `mean_duration` and
`quantile_duration`."""


def markdown() -> str:
    """The page: every public function, in the order in which the module has them."""
    return "\n\n".join([HEAD, *map(_section, public_functions())]) + "\n"


def public_functions() -> list[Callable[..., Any]]:
    """The functions that tables of one's own may call."""
    functions = inspect.getmembers(expressions, inspect.isfunction)
    here = [f for name, f in functions if f.__module__ == expressions.__name__]
    public = [f for f in here if not f.__name__.startswith("_")]
    return sorted(public, key=lambda f: f.__code__.co_firstlineno)


def _section(function: Callable[..., Any]) -> str:
    parameters = inspect.signature(function).parameters.values()
    shown = ", ".join(_without_annotation(parameter) for parameter in parameters)
    return f"## {function.__name__}\n\n`{function.__name__}({shown})`\n\n{inspect.getdoc(function)}"


def _without_annotation(parameter: inspect.Parameter) -> str:
    return str(parameter.replace(annotation=inspect.Parameter.empty))
