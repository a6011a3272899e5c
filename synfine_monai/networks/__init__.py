"""The U-Net, the denoisers, their parts, and the files that hold their weights."""

import lazy_loader

from synfine_monai.old_names import with_old_names

__getattr__, __dir__, __all__ = with_old_names(*lazy_loader.attach_stub(__name__, __file__), room=__name__)
