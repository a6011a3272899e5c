from .beam_hardening import BeamHardening as BeamHardening
from .bright_inclusions import BrightInclusions as BrightInclusions
from .brightness_drift import BrightnessDrift as BrightnessDrift
from .coarser_voxels import CoarserVoxels as CoarserVoxels
from .correlated_noise import CorrelatedNoise as CorrelatedNoise
from .edge_enhancement import EdgeEnhancement as EdgeEnhancement
from .electronic_noise import ElectronicNoise as ElectronicNoise
from .filters import (
    filter_projections as filter_projections,
    fourier_filter as fourier_filter,
    frequency_squared as frequency_squared,
    ramp_kernel as ramp_kernel,
    smooth_ramp_kernel as smooth_ramp_kernel,
)
from .grey_levels import InFieldOfView as InFieldOfView, corrupt_grey as corrupt_grey
from .low_contrast import LowContrast as LowContrast
from .motion import Motion as Motion
from .partial_rings import PartialRings as PartialRings, image_of_gain_errors as image_of_gain_errors
from .partial_volume import PartialVolume as PartialVolume
from .phase_contrast import PhaseContrast as PhaseContrast
from .photon_noise import PhotonNoise as PhotonNoise
from .rand_corrupt import RandCorruptd as RandCorruptd
from .rings import Rings as Rings
from .saturation import Saturation as Saturation
from .scatter import Scatter as Scatter
from .severity import (
    CORRUPTION_NAMES as CORRUPTION_NAMES,
    SEVERITIES as SEVERITIES,
    SEVERITIES_FILE as SEVERITIES_FILE,
    corruption_at as corruption_at,
    load_severities as load_severities,
)
from .streaks import Streaks as Streaks
from .zingers import Zingers as Zingers
