from .options import bundle_root as bundle_root, check_options as check_options, read_options as read_options
from .pipeline import Pipeline as Pipeline
from .places import bundles_folder as bundles_folder
from .plain_errors import report_errors_plainly as report_errors_plainly
from .requirements import (
    absolute_path as absolute_path,
    check_device as check_device,
    require_model as require_model,
    require_option as require_option,
)
from .saved_config import save_config as save_config
from .style import STYLES as STYLES, style_source as style_source
from .workflow import run_verb as run_verb
