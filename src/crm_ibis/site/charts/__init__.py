"""What the charts are drawn from, and with."""
