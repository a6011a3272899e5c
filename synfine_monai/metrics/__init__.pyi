from .bootstrap import (
    Interval as Interval,
    bootstrap_interval as bootstrap_interval,
    equal as equal,
    paired_place_difference as paired_place_difference,
    place_interval as place_interval,
)
from .grey_distances import (
    correlation_distance as correlation_distance,
    dark_threshold as dark_threshold,
    grey_level_distance as grey_level_distance,
    image_set as image_set,
    power_spectrum_distance as power_spectrum_distance,
    radial_power_spectrum as radial_power_spectrum,
)
from .image_distances import (
    DISTANCES as DISTANCES,
    bottleneck_features as bottleneck_features,
    distances as distances,
    feature_distances as feature_distances,
)
from .places import (
    decode_counts as decode_counts,
    dice_of as dice_of,
    encode_counts as encode_counts,
    place_counts as place_counts,
)
from .real_or_synthetic import patch_features as patch_features, real_or_synthetic_auc as real_or_synthetic_auc
from .scores import (
    SCORES as SCORES,
    Score as Score,
    confusion_matrix as confusion_matrix,
    mask_consistency as mask_consistency,
    segmentation_scores as segmentation_scores,
)
from .share_interval import clustered_share as clustered_share
