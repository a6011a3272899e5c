from .denoising_loss import DenoisingLoss as DenoisingLoss
from .hybrid_loss import MASK_SCHEDULES as MASK_SCHEDULES, HybridLoss as HybridLoss
from .masked_loss import MaskedDiceCELoss as MaskedDiceCELoss
from .teacher_loss import TeacherLoss as TeacherLoss
