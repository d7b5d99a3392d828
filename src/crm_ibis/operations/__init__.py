"""Running jobs: their SLA, outcomes, alerts, status and deployments."""
