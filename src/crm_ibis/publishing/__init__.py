"""One run: computes, audits and publishes tables, and records their histories."""
