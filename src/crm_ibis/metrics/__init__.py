"""Tables as functions: staging, facts and KPIs, and what is known about them."""
