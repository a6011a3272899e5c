from .block_sums import BLOCK_EDGE as BLOCK_EDGE, BlockCounter as BlockCounter
from .chord_lengths import ChordCounter as ChordCounter, mean_chord as mean_chord
from .conduction import Conduction as Conduction, effective_conductivity as effective_conductivity
from .connected_porosity import (
    ConnectedPorosity as ConnectedPorosity,
    ConnectedPorosityCounter as ConnectedPorosityCounter,
)
from .correlation import two_point_correlation as two_point_correlation, two_point_error as two_point_error
from .euler_density import EulerCounter as EulerCounter
from .level_sets import (
    covering_shift as covering_shift,
    fewest_and_most as fewest_and_most,
    needed_shift as needed_shift,
)
from .local_thickness import thickness_of_slab as thickness_of_slab
from .pair_counts import AXES as AXES, PairCounter as PairCounter, PairCounts as PairCounts
from .permeability import Permeability as Permeability, solve_permeability as solve_permeability
from .piece_sums import PieceCounter as PieceCounter
from .pore_clusters import CONNECTIVITIES as CONNECTIVITIES, Clusters as Clusters, PoreClusters as PoreClusters
from .porosity_profile import PorosityProfile as PorosityProfile
from .representativity import (
    FEWEST_BLOCKS as FEWEST_BLOCKS,
    BlockSpread as BlockSpread,
    block_spread as block_spread,
    representative_edges as representative_edges,
    spread_law as spread_law,
)
from .rock_numbers import PhaseCounter as PhaseCounter, PhaseNumbers as PhaseNumbers
from .runs import slice_runs as slice_runs
from .transport import (
    CubeTransport as CubeTransport,
    cubes_of as cubes_of,
    flow_of_halves as flow_of_halves,
    flow_of_levels as flow_of_levels,
    measure_cube as measure_cube,
    to_millidarcy as to_millidarcy,
)
from .wall_distance import distance_to_wall as distance_to_wall
