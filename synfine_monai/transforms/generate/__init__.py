"""Procedural rock: one pattern a file, composed into a rock."""
