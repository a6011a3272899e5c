from .batch_share import BatchShare as BatchShare
from .hybrid_batch import HybridPrepareBatch as HybridPrepareBatch, expected_image as expected_image
from .pretext import choose_pretext as choose_pretext
from .processes import join_processes as join_processes, own_device as own_device, share_network as share_network
from .rock_fitting import fit_rock as fit_rock, rock_images as rock_images
from .style_patches import (
    labelled_style_patches as labelled_style_patches,
    unlabelled_style_patches as unlabelled_style_patches,
)
from .styled_batch import StyledPrepareBatch as StyledPrepareBatch
from .whole_batch_loss import WholeBatchLoss as WholeBatchLoss
