from .intensity import (
    METHODS as METHODS,
    IntensityStatistics as IntensityStatistics,
    histogram_distance as histogram_distance,
    measure_intensity as measure_intensity,
    measure_scan_intensity as measure_scan_intensity,
)
from .scan_field_of_view import FieldOfView as FieldOfView, find_scan_field_of_view as find_scan_field_of_view
