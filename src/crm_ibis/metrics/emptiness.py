"""Whether a table can have rows at all, judged by its expression."""

from collections.abc import Collection
from typing import Any

import ibis.expr.operations as ops
from ibis import Table

OPTIONAL = {"left", "any_left", "asof", "anti"}
"""Joins that keep every row of the left side, or lose some for what the right side has."""


def is_empty(table: Table, absent: Collection[str]) -> bool:
    """Whether a table over unbound ones has no row for certain when the absent ones have none."""

    def visit(node: Any, results: dict[Any, Any], /, **arguments: Any) -> bool:
        match node:
            case ops.UnboundTable():
                return node.name in absent
            case ops.JoinChain():
                return _is_empty_join(node, results)
            case ops.Aggregate():
                return bool(node.groups) and results[node.parent]
            case ops.Union():
                return results[node.left] and results[node.right]
            case ops.Relation() if hasattr(node, "parent"):
                return results[node.parent]
        return False

    return table.op().map(visit)[table.op()]


def _is_empty_join(node: ops.JoinChain, results: dict[Any, Any]) -> bool:
    empty = results[node.first]
    for link in node.rest:
        other = results[link.table]
        if link.how == "outer":
            empty = empty and other
        elif link.how == "right":
            empty = other
        elif link.how not in OPTIONAL:
            empty = empty or other
    return empty
