"""Scans in and out, field of view, datalists, patches, the sample core."""
