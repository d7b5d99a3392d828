"""CRM metrics: each KPI one Ibis expression, checked, published in one transaction."""


def __getattr__(name: str) -> str:
    # Looked up when asked for: reading package metadata takes longer than `--help` may.
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("crm-ibis")
    except PackageNotFoundError:  # a checkout that was never installed
        return "0+unknown"
