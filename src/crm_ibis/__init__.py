"""CRM metrics: each KPI one Ibis expression, checked, published in one transaction."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("crm-ibis")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0+unknown"
