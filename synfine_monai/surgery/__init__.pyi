from .batch_norm import (
    batch_norm_parameters as batch_norm_parameters,
    freeze_batch_norm as freeze_batch_norm,
    norm_parameters as norm_parameters,
    unfreeze_batch_norm as unfreeze_batch_norm,
)
from .denoiser_start import check_trained as check_trained, find_start as find_start, start_denoiser as start_denoiser
from .fresh_parts import PARTS as PARTS, check_reinitialise as check_reinitialise, reinitialise as reinitialise
from .gradient_noise import signal_to_noise as signal_to_noise
from .gradient_norm import (
    GradientNorms as GradientNorms,
    block_sensitivity as block_sensitivity,
    measure_gradient_norms as measure_gradient_norms,
    relative_gradient_norm as relative_gradient_norm,
)
from .head import adapt_head as adapt_head
from .head_probe import linear_probe as linear_probe
from .measure_for import probe_batches as probe_batches, sensitivity_for as sensitivity_for
from .optimizer_groups import plan_groups as plan_groups
from .probe import LossFunction as LossFunction, loss_gradients as loss_gradients, probing as probing
from .sensitivity import (
    SET_APART as SET_APART,
    load_sensitivity as load_sensitivity,
    measure_sensitivity as measure_sensitivity,
    save_sensitivity as save_sensitivity,
    select_group as select_group,
)
from .start import continue_network as continue_network, start_network as start_network
from .tuning import (
    TUNE_WORDS as TUNE_WORDS,
    TuningPlan as TuningPlan,
    TuningStage as TuningStage,
    apply_plan as apply_plan,
    check_tune as check_tune,
    needs_sensitivity as needs_sensitivity,
    select_parameters as select_parameters,
    tuned_optimizer_groups as tuned_optimizer_groups,
    tuning_plan as tuning_plan,
)
