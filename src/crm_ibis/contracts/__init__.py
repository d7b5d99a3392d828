"""What tables promise: types, rules, the contracts themselves, and their audit.

A contract of one's own imports `Published`, `Fact`, `Source`, `Extension` and `column` from here.
"""

from typing import TYPE_CHECKING, Any

from crm_ibis import legacy

if TYPE_CHECKING:
    from crm_ibis.contracts.models import Extension as Extension
    from crm_ibis.contracts.models import Fact as Fact
    from crm_ibis.contracts.models import Published as Published
    from crm_ibis.contracts.models import Source as Source
    from crm_ibis.contracts.models import column as column

_MODELS = ("Extension", "Fact", "Published", "Source", "column")


def __getattr__(name: str) -> Any:
    """Loads Pandera only for a module that declares contracts."""
    if name in _MODELS:
        from crm_ibis.contracts import models

        return getattr(models, name)
    return legacy.attribute(__name__, name)
