from .named_handlers import NamedHandlers as NamedHandlers
from .porosity_report import PorosityReport as PorosityReport
from .resume import Resume as Resume, signature_of as signature_of
from .save_model import SaveModel as SaveModel
from .set_epoch import SetEpoch as SetEpoch
from .slab_writer import SlabWriter as SlabWriter
from .slice_progress import SliceProgress as SliceProgress
from .store_writer import StoreWriter as StoreWriter
from .training_progress import TrainingProgress as TrainingProgress
from .tuning_stages import TuningStages as TuningStages
