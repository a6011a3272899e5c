from .baseline import Baseline as Baseline
from .denoiser_features import DenoiserFeaturesBaseline as DenoiserFeaturesBaseline
from .random_forest import RandomForestBaseline as RandomForestBaseline
from .stored import load_baselines as load_baselines, new_baselines as new_baselines, store_baselines as store_baselines
