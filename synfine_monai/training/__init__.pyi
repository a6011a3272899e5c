from .denoiser_training import (
    HybridPrepareBatch as HybridPrepareBatch,
    StyledPrepareBatch as StyledPrepareBatch,
    choose_pretext as choose_pretext,
    expected_image as expected_image,
    labelled_style_patches as labelled_style_patches,
    unlabelled_style_patches as unlabelled_style_patches,
)
from .denoising_beside import DenoisingPrepareBatch as DenoisingPrepareBatch
from .processes import (
    BatchShare as BatchShare,
    WholeBatchLoss as WholeBatchLoss,
    join_processes as join_processes,
    own_device as own_device,
    share_network as share_network,
)
from .rock_fitting import fit_rock as fit_rock, rock_images as rock_images
from .teacher import TeacherPrepareBatch as TeacherPrepareBatch
