"""The static site: a scorecard for people, a catalog for engineers, lineage, runs.

Pages are made of templates; charts are written in Python and drawn by the page, which filters the
rows that it carries. Everything lies in one folder that opens without a network.
"""
