from . import (
    baselines as baselines,
    bundle as bundle,
    conventions as conventions,
    data as data,
    errors as errors,
    experiments as experiments,
    files as files,
    handlers as handlers,
    inferers as inferers,
    labelling as labelling,
    losses as losses,
    metrics as metrics,
    networks as networks,
    planning as planning,
    report as report,
    rock as rock,
    scans as scans,
    sharing as sharing,
    surgery as surgery,
    survey as survey,
    training as training,
    transforms as transforms,
    visualize as visualize,
)

__version__: str
from .notebook import Model as Model, learn as learn, make_rock as make_rock, porosity as porosity, segment as segment
from .scans import open_scan as open_scan
