"""The Prefect flows, as modules of the package: `crm_ibis.flows.refresh` and its neighbours.

Their code lies in the top-level folder `flows/` of a checkout, or in the wheel's content; the extra
`flows` brings Prefect. prefect.yaml names them, so a project folder needs no flows of its own.
"""

from crm_ibis.config import project

__path__ = [str(project.shipped_home() / "flows")]
