from .denoiser_files import (
    check_level as check_level,
    denoiser_around as denoiser_around,
    find_denoiser as find_denoiser,
    load_rock_denoiser as load_rock_denoiser,
    require_pairs as require_pairs,
    save_denoiser as save_denoiser,
    start_at_level as start_at_level,
)
from .diffusion_denoiser import DiffusionDenoiser as DiffusionDenoiser, DiffusionSegmenter as DiffusionSegmenter
from .model_file import (
    FORMAT_VERSION as FORMAT_VERSION,
    REQUIRED as REQUIRED,
    agreed as agreed,
    architecture_of as architecture_of,
    build_network as build_network,
    check_classes as check_classes,
    describe_model as describe_model,
    find_checkpoint as find_checkpoint,
    load_network as load_network,
    load_state as load_state,
    load_weights as load_weights,
    read_model_info as read_model_info,
    save_model as save_model,
    weights_hash as weights_hash,
)
from .names import name_of as name_of, network_class as network_class
from .rock_denoiser import RockDenoiser as RockDenoiser
from .rock_unet import (
    SEQUENTIAL as SEQUENTIAL,
    TRANSVERSAL as TRANSVERSAL,
    RockUNet as RockUNet,
    parameters_of as parameters_of,
)
from .starting_architecture import (
    check_architecture as check_architecture,
    new_denoiser as new_denoiser,
    starting_network as starting_network,
)
from .style_file import InvertedStyle as InvertedStyle, load_style as load_style, save_style as save_style
from .styled_denoiser import (
    NO_MASK as NO_MASK,
    StyledDenoiser as StyledDenoiser,
    load_denoiser as load_denoiser,
    scripted_denoiser as scripted_denoiser,
)
from .whole_batch_norm import gather_shares as gather_shares, share_batch_norm as share_batch_norm
