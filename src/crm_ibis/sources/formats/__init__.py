"""How instants and numbers are written as text."""
