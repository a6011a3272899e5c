from . import corrupt as corrupt, generate as generate
from .attenuation import (
    AttenuationToGrey as AttenuationToGrey,
    GreyToAttenuation as GreyToAttenuation,
    estimate_air_and_solid as estimate_air_and_solid,
    require_attenuation as require_attenuation,
)
from .augment import (
    RandAugmentBatchd as RandAugmentBatchd,
    RandMixUpBatchd as RandMixUpBatchd,
    soft_labels as soft_labels,
    then_mix_up as then_mix_up,
)
from .diffuse import RandDiffuseBatchd as RandDiffuseBatchd, RandDropConditionsd as RandDropConditionsd
from .filling import fill_outside as fill_outside
from .labels import (
    LabelsWithUncertaintyd as LabelsWithUncertaintyd,
    LogitsToLabelsd as LogitsToLabelsd,
    classes_to_phases as classes_to_phases,
    is_disagreement as is_disagreement,
    is_measured as is_measured,
)
from .looks import match_look as match_look
