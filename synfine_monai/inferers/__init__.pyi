from .class_greys import training_grey_levels as training_grey_levels
from .dask_chunks import DaskChunks as DaskChunks
from .diffusion import (
    JointDiffusionInferer as JointDiffusionInferer,
    StyledDiffusionInferer as StyledDiffusionInferer,
    denoising_losses as denoising_losses,
)
from .engine import check_engine as check_engine, fold_batch_norm as fold_batch_norm
from .engine_choice import MEASURED_VOXELS as MEASURED_VOXELS, choose_engine as choose_engine
from .ensemble import (
    EnsembleInferer as EnsembleInferer,
    FlipAverageInferer as FlipAverageInferer,
    ensemble_files as ensemble_files,
    ensemble_hashes as ensemble_hashes,
    load_ensemble as load_ensemble,
)
from .mixed_precision import (
    PRECISIONS as PRECISIONS,
    MixedPrecisionInferer as MixedPrecisionInferer,
    fast_bfloat16 as fast_bfloat16,
)
from .signature import scan_signature as scan_signature
from .slice_windows import PIXELS_PER_PASS as PIXELS_PER_PASS, SliceWindowInferer as SliceWindowInferer
from .training_likeness import (
    differences_from_training as differences_from_training,
    warn_if_unlike_training as warn_if_unlike_training,
)
from .view_average import (
    ViewAverageInferer as ViewAverageInferer,
    refuse_views_of_flat_voxels as refuse_views_of_flat_voxels,
)
