"""What a team tests its own tables with, and what this package's own tests use.

Tables are drawn as text, computed on DuckDB and on PostgreSQL, and compared with drawn ones:

    from crm_ibis.testing import expect

    def test_deals_are_counted_by_rep(engine):
        deals = engine.build("deals_by_rep", opportunities='''
            rep_id | status
            r1     | won
            r1     | lost
        ''')
        expect(deals, '''
            rep_id | deals
            r1     | 2
        ''')

`engine`, `engines`, `warehouse` and `as_of` are fixtures of a pytest plugin that comes with the
package; docs/testing.md explains them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crm_ibis.testing.built import BuiltTable as BuiltTable
    from crm_ibis.testing.drawing import drawn as drawn
    from crm_ibis.testing.drawing import source_rows as source_rows
    from crm_ibis.testing.drawing import value as value
    from crm_ibis.testing.engine import AS_OF as AS_OF
    from crm_ibis.testing.engine import Engine as Engine
    from crm_ibis.testing.engine import assuming as assuming
    from crm_ibis.testing.expectation import expect as expect
    from crm_ibis.testing.promises import check_no_clock as check_no_clock
    from crm_ibis.testing.promises import check_promises as check_promises
    from crm_ibis.testing.stored import read as read
    from crm_ibis.testing.stored import store as store

_HOMES = {
    "AS_OF": "engine",
    "BuiltTable": "built",
    "Engine": "engine",
    "assuming": "engine",
    "check_no_clock": "promises",
    "check_promises": "promises",
    "drawn": "drawing",
    "expect": "expectation",
    "read": "stored",
    "source_rows": "drawing",
    "store": "stored",
    "value": "drawing",
}
"""Looked up when asked for: pytest loads the plugin for everybody who has the package."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
