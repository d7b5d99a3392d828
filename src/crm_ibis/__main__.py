"""`python -m crm_ibis`."""

from crm_ibis.cli import main

main()
