"""The KPIs, one module per subject; parameter names are the tables a KPI needs."""
