from .porosity_report import PorosityReport as PorosityReport
from .progress import SliceProgress as SliceProgress, TrainingProgress as TrainingProgress
from .resume import Resume as Resume, SaveModel as SaveModel, SetEpoch as SetEpoch, signature_of as signature_of
from .slab_writer import SlabWriter as SlabWriter
from .store_writer import StoreWriter as StoreWriter
from .surgical_tuning import TuningStages as TuningStages
