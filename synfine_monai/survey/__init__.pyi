from .alignment import ALIGNMENTS as ALIGNMENTS, Alignment as Alignment
from .field_of_view import (
    FieldOfView as FieldOfView,
    find_field_of_view as find_field_of_view,
    find_scan_field_of_view as find_scan_field_of_view,
)
from .grey_scale import GreyScale as GreyScale, RawScale as RawScale, describe_grey_levels as describe_grey_levels
from .intensity import (
    METHODS as METHODS,
    IntensityStatistics as IntensityStatistics,
    grey_level_shift as grey_level_shift,
    measure_intensity as measure_intensity,
    measure_scan_intensity as measure_scan_intensity,
)
from .placed_labels import DrawnLabels as DrawnLabels, place_labels as place_labels
from .survey import Memory as Memory, files_signature as files_signature, refuse_indices as refuse_indices
