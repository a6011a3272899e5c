"""Verbs chained into a pipeline, options checked, errors told in one line."""
