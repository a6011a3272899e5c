from .blend_with_start import BlendWithStart as BlendWithStart
from .checkpoints import Resume as Resume, SaveModel as SaveModel, SetEpoch as SetEpoch, signature_of as signature_of
from .evaluation_report import EvaluationReport as EvaluationReport, Predictor as Predictor
from .named_handlers import NamedHandlers as NamedHandlers
from .porosity_report import PorosityReport as PorosityReport
from .progress import SliceProgress as SliceProgress, TrainingProgress as TrainingProgress
from .store_writer import SlabWriter as SlabWriter, StoreWriter as StoreWriter
from .surgical_tuning import TuningStages as TuningStages
