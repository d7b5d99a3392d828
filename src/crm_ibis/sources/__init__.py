"""Where the sources come from: sources.yml, connectors, seeds."""
