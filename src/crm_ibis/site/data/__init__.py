"""What the pages show, read from the database and the run log."""
