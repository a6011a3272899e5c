from .baseline import Baseline as Baseline
from .denoiser_features import DenoiserFeaturesBaseline as DenoiserFeaturesBaseline
from .of_a_run import store_baselines as store_baselines
from .stored import load_baselines as load_baselines, new_baselines as new_baselines
