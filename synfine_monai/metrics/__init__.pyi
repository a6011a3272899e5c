from .bootstrap import Interval as Interval, bootstrap_interval as bootstrap_interval
from .confusion import confusion_matrix as confusion_matrix
from .consistency import mask_consistency as mask_consistency
from .correlations import correlation_distance as correlation_distance, dark_threshold as dark_threshold
from .feature_distance import bottleneck_features as bottleneck_features, feature_distances as feature_distances
from .histograms import histogram_distance as histogram_distance
from .image_distances import DISTANCES as DISTANCES, distances as distances
from .images import image_set as image_set
from .place_bootstrap import (
    equal as equal,
    paired_place_difference as paired_place_difference,
    place_interval as place_interval,
)
from .places import (
    decode_counts as decode_counts,
    dice_of as dice_of,
    encode_counts as encode_counts,
    place_counts as place_counts,
)
from .power_spectrum import (
    power_spectrum_distance as power_spectrum_distance,
    radial_power_spectrum as radial_power_spectrum,
)
from .real_or_synthetic import patch_features as patch_features, real_or_synthetic_auc as real_or_synthetic_auc
from .scores import SCORES as SCORES, Score as Score, segmentation_scores as segmentation_scores
