from .bodies import scatter_bodies as scatter_bodies
from .coating import RandCoating as RandCoating
from .fractures import RandFractures as RandFractures
from .grains import RandGrains as RandGrains, fraction_level as fraction_level
from .inclusions import RandInclusions as RandInclusions
from .label_boundary import RandLabelBoundary as RandLabelBoundary
from .noise_mask import RandNoiseMask as RandNoiseMask
from .paint import RandPaint as RandPaint
from .painted_masks import paint_masks as paint_masks
from .phases import class_table as class_table, phase_mask as phase_mask
from .rand_rock import RandRock as RandRock
from .ranges import Range as Range, log_uniform as log_uniform, uniform as uniform
from .rock_knobs import (
    APPEARANCE as APPEARANCE,
    GEOMETRY as GEOMETRY,
    Knob as Knob,
    knobs as knobs,
    middle as middle,
    turn_knobs as turn_knobs,
)
from .rock_parts import CORRUPTIONS as CORRUPTIONS, PARTS as PARTS, build_parts as build_parts
from .rock_presets import load_rock as load_rock, rock_names as rock_names
from .seams import RandSeams as RandSeams
from .shapes import (
    SHAPES as SHAPES,
    box as box,
    ellipsoid as ellipsoid,
    octahedron as octahedron,
    random_frames as random_frames,
)
from .smooth_fields import gaussian_blur as gaussian_blur, smooth_noise as smooth_noise
from .styles import rock_style as rock_style
from .tiling import TiledShapes as TiledShapes, tile_shapes as tile_shapes
from .together import RandTogether as RandTogether
