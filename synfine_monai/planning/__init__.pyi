from .audit import Audit as Audit, audit_shares as audit_shares, phases_of as phases_of
from .audit_plan import check_plan as check_plan, make_plan as make_plan, write_plan as write_plan
from .audit_report import (
    audit_content as audit_content,
    write_audit as write_audit,
    write_pooled_audit as write_pooled_audit,
)
from .audit_run import audit_segmentation as audit_segmentation, open_audited as open_audited
from .betting import betting_interval as betting_interval
from .cross_audit import (
    audit_cross as audit_cross,
    cross_stages as cross_stages,
    write_fold_labels as write_fold_labels,
)
from .draw import (
    BY_UNCERTAINTY as BY_UNCERTAINTY,
    SliceLook as SliceLook,
    draw_windows as draw_windows,
    window_probabilities as window_probabilities,
)
from .estimate import (
    FEWEST_WINDOWS as FEWEST_WINDOWS,
    FEWEST_WRONG as FEWEST_WRONG,
    LOOKS as LOOKS,
    NORMAL_TAILS as NORMAL_TAILS,
    Residuals as Residuals,
    ShareEstimate as ShareEstimate,
    confidence_of_a_look as confidence_of_a_look,
    difference_estimate as difference_estimate,
    estimate_share as estimate_share,
    pooled_share as pooled_share,
    share_intervals as share_intervals,
)
from .local_numbers import LocalNumber as LocalNumber
from .plan_checks import check_model as check_model, check_scan as check_scan, checked_plan as checked_plan
from .plan_files import Plan as Plan, read_plan_files as read_plan_files, write_plan_files as write_plan_files
from .pooled_audits import pool_audits as pool_audits, read_audit as read_audit
from .predicted_slices import PredictedSlices as PredictedSlices, slice_hash as slice_hash
from .redraws import DESIGNS as DESIGNS, Redraws as Redraws
from .streamed_counts import StreamedCounts as StreamedCounts, count_labels as count_labels
from .window_counts import WindowCounts as WindowCounts, count_windows as count_windows
from .window_labels import read_window_labels as read_window_labels
from .window_tails import WindowTails as WindowTails
from .windows import Window as Window, window_totals as window_totals
