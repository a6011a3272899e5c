"""The results folder: metrics.json, tables, provenance, the one-page report."""
