"""What a project sets: settings, files of its own, declarations, parameters."""
