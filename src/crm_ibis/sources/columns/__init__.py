"""Landed columns: read, compared, and made ours."""
