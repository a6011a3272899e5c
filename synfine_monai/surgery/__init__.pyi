from .batch_norm import (
    batch_norm_parameters as batch_norm_parameters,
    freeze_batch_norm as freeze_batch_norm,
    norm_parameters as norm_parameters,
    unfreeze_batch_norm as unfreeze_batch_norm,
)
from .gradients import (
    GradientNorms as GradientNorms,
    LossFunction as LossFunction,
    block_sensitivity as block_sensitivity,
    loss_gradients as loss_gradients,
    measure_gradient_norms as measure_gradient_norms,
    probing as probing,
    relative_gradient_norm as relative_gradient_norm,
    signal_to_noise as signal_to_noise,
)
from .head import (
    PARTS as PARTS,
    adapt_head as adapt_head,
    check_reinitialise as check_reinitialise,
    class_sources as class_sources,
    linear_probe as linear_probe,
    reinitialise as reinitialise,
)
from .merged_classes import MergedClasses as MergedClasses, teacher_network as teacher_network
from .sensitivity import (
    SET_APART as SET_APART,
    measure_sensitivity as measure_sensitivity,
    probe_batches as probe_batches,
    save_sensitivity as save_sensitivity,
    select_group as select_group,
    sensitivity_for as sensitivity_for,
)
from .start import (
    check_trained as check_trained,
    continue_network as continue_network,
    find_start as find_start,
    start_denoiser as start_denoiser,
    start_network as start_network,
)
from .tuning import (
    TUNE_WORDS as TUNE_WORDS,
    TuningPlan as TuningPlan,
    TuningStage as TuningStage,
    apply_plan as apply_plan,
    check_tune as check_tune,
    needs_sensitivity as needs_sensitivity,
    plan_groups as plan_groups,
    select_parameters as select_parameters,
    tuned_optimizer_groups as tuned_optimizer_groups,
    tuning_plan as tuning_plan,
)
