"""The connectors, for functions of one's own that start from what one of them makes."""

from crm_ibis.sources.connectors import hubspot as hubspot
from crm_ibis.sources.connectors import salesforce as salesforce
from crm_ibis.sources.connectors import zendesk as zendesk
from crm_ibis.sources.connectors.pauses import pauses_of as pauses_of

__path__: list[str] = []
"""`crm_ibis.connectors.zendesk` can be imported too, as in version 0.1.0; see `legacy`."""
