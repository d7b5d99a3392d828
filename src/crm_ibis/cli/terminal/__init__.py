"""How results look in a terminal, and as JSON."""

from crm_ibis.cli.terminal.layout import console, wrapped
from crm_ibis.cli.terminal.plain import print_json
from crm_ibis.cli.terminal.runs import print_checks, print_merges, print_preview, print_refresh
from crm_ibis.cli.terminal.states import print_channels, print_source_ages, print_status
from crm_ibis.cli.terminal.tables import (
    print_description,
    print_list,
    print_rows,
    print_scorecard,
    print_whereabouts,
)

__all__ = [
    "console",
    "print_channels",
    "print_checks",
    "print_description",
    "print_json",
    "print_list",
    "print_merges",
    "print_preview",
    "print_refresh",
    "print_rows",
    "print_scorecard",
    "print_source_ages",
    "print_status",
    "print_whereabouts",
    "wrapped",
]
