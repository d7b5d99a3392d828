"""Histories of KPIs: what changed, merged as versions, and read again."""
