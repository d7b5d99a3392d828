"""Writes the first version of a table of one's own: function, contract, test, and a job's line."""
