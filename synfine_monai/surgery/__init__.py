"""Which part of a network responds to a shift, and how to tune that part alone."""

from synfine_monai.lazy_rooms import submodules_of
from synfine_monai.surgery.batch_norm import freeze_batch_norm, unfreeze_batch_norm
from synfine_monai.surgery.head import adapt_head
from synfine_monai.surgery.relative_gradient_norm import block_sensitivity, relative_gradient_norm
from synfine_monai.surgery.sensitivity import load_sensitivity, measure_sensitivity, save_sensitivity
from synfine_monai.surgery.signal_to_noise import signal_to_noise
from synfine_monai.surgery.tuning import (
    TuningPlan,
    TuningStage,
    apply_plan,
    needs_sensitivity,
    select_parameters,
    tuned_optimizer_groups,
    tuning_plan,
)

__all__ = [
    "TuningPlan",
    "TuningStage",
    "adapt_head",
    "apply_plan",
    "block_sensitivity",
    "freeze_batch_norm",
    "load_sensitivity",
    "measure_sensitivity",
    "needs_sensitivity",
    "relative_gradient_norm",
    "save_sensitivity",
    "select_parameters",
    "signal_to_noise",
    "tuned_optimizer_groups",
    "tuning_plan",
    "unfreeze_batch_norm",
]

__getattr__ = submodules_of(__name__)
