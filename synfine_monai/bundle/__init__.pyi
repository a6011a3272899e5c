from .before_begin import check_options as check_options, save_config as save_config
from .pipeline import Pipeline as Pipeline, run_verb as run_verb
from .plain_errors import report_errors_plainly as report_errors_plainly
from .requirements import (
    absolute_path as absolute_path,
    check_device as check_device,
    require_model as require_model,
    require_option as require_option,
)
from .running import begin as begin, bundle_root as bundle_root
from .style import STYLES as STYLES, style_source as style_source
from .verb_options import read_options as read_options
from .verbs import bundles_folder as bundles_folder
