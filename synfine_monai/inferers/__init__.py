"""Whole scans, slab by slab."""
