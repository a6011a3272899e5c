from .appearance import RandLabelBoundary as RandLabelBoundary, RandPaint as RandPaint, RandSeams as RandSeams
from .draws import (
    Range as Range,
    gaussian_blur as gaussian_blur,
    log_uniform as log_uniform,
    smooth_noise as smooth_noise,
    uniform as uniform,
)
from .grains import RandGrains as RandGrains, fraction_level as fraction_level
from .rand_rock import (
    RandRock as RandRock,
    class_table as class_table,
    load_rock as load_rock,
    paint_masks as paint_masks,
    rock_names as rock_names,
)
from .rock_knobs import (
    APPEARANCE as APPEARANCE,
    GEOMETRY as GEOMETRY,
    Knob as Knob,
    knobs as knobs,
    middle as middle,
    turn_knobs as turn_knobs,
)
from .rock_parts import (
    CORRUPTIONS as CORRUPTIONS,
    PARTS as PARTS,
    RandTogether as RandTogether,
    build_parts as build_parts,
)
from .shapes import (
    SHAPES as SHAPES,
    box as box,
    ellipsoid as ellipsoid,
    octahedron as octahedron,
    random_frames as random_frames,
    scatter_bodies as scatter_bodies,
)
from .structure import (
    RandCoating as RandCoating,
    RandFractures as RandFractures,
    RandInclusions as RandInclusions,
    RandNoiseMask as RandNoiseMask,
    phase_mask as phase_mask,
)
from .styles import rock_style as rock_style
from .tiling import TiledShapes as TiledShapes, tile_shapes as tile_shapes
