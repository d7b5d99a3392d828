"""The pages, one module each, and what they share."""
