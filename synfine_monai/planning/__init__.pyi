from .betting import betting_interval as betting_interval
from .draw import SliceLook as SliceLook, draw_windows as draw_windows, window_probabilities as window_probabilities
from .estimate import (
    FEWEST_WINDOWS as FEWEST_WINDOWS,
    LOOKS as LOOKS,
    Residuals as Residuals,
    ShareEstimate as ShareEstimate,
    confidence_of_a_look as confidence_of_a_look,
    difference_estimate as difference_estimate,
    estimate_share as estimate_share,
    pooled_share as pooled_share,
    share_intervals as share_intervals,
)
from .redraws import DESIGNS as DESIGNS, Redraws as Redraws
from .windows import Window as Window, window_totals as window_totals
