from .class_greys import class_greys_figure as class_greys_figure
from .comparison import comparison_figure as comparison_figure
from .gallery import gallery_figure as gallery_figure, looks_figure as looks_figure
from .label_efficiency import gains_figure as gains_figure, label_efficiency_figure as label_efficiency_figure
from .labelling_trial import labelling_trial_figure as labelling_trial_figure
from .phase_colors import class_colors as class_colors
from .porosity import draw_connected_porosity as draw_connected_porosity, draw_porosity_profile as draw_porosity_profile
from .rgn_and_dice import rank_figure as rank_figure, rgn_and_dice_figure as rgn_and_dice_figure
from .rock_numbers import draw_rock_numbers as draw_rock_numbers
from .segmentation import draw_scale_bar as draw_scale_bar, save_segmentation_figure as save_segmentation_figure
from .sensitivity import draw_sensitivity as draw_sensitivity
