"""What is written down about each run, and read from there."""
