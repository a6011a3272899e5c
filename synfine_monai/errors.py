"""The one error that a user of scans, labels and options meets."""

__all__ = ["ScanError"]


class ScanError(ValueError):
    """A scan, a label, an option or a checkpoint that cannot be used; says what, where and how to mend it."""
