"""Ignite handlers: sensitivity, progress, figures, outputs."""
