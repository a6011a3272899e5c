from .connected_porosity import (
    ConnectedPorosity as ConnectedPorosity,
    ConnectedPorosityCounter as ConnectedPorosityCounter,
)
from .correlation import two_point_correlation as two_point_correlation, two_point_error as two_point_error
from .pore_clusters import CONNECTIVITIES as CONNECTIVITIES, Clusters as Clusters, PoreClusters as PoreClusters
from .porosity_profile import PorosityProfile as PorosityProfile
from .runs import slice_runs as slice_runs
