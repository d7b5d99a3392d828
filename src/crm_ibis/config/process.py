"""What kind of process this is."""

is_command = False
"""Whether it runs a command of crm-ibis and nothing else, so that imports may be spared that other
code would miss."""
