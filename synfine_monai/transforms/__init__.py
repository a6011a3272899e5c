"""Procedural rock, CT artefacts, normalisation."""
