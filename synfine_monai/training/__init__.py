"""What a trainer needs: batches, pretext tasks, several processes, and fitting a rock preset to a scan."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
