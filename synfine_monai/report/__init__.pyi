from .class_greys import write_class_greys as write_class_greys
from .compared_methods import (
    network_method as network_method,
    other_methods as other_methods,
    slice_samples as slice_samples,
)
from .connected_porosity import (
    measure_connected_porosity as measure_connected_porosity,
    pore_labels_of as pore_labels_of,
    water_labels_of as water_labels_of,
    write_connected_porosity as write_connected_porosity,
)
from .facts_of_scan import scan_facts as scan_facts
from .flow_band import FlowBand as FlowBand, band_of_flow as band_of_flow
from .label_volume import (
    LabelVolume as LabelVolume,
    open_label_volume as open_label_volume,
    read_classes as read_classes,
)
from .metrics_file import read_metrics as read_metrics
from .page import write_page as write_page
from .results_folder import (
    make_results_folder as make_results_folder,
    write_csv_atomic as write_csv_atomic,
    write_json_atomic as write_json_atomic,
    write_sensitivity as write_sensitivity,
)
from .rock_fit import write_rock_fit as write_rock_fit
from .rock_numbers import RockNumbers as RockNumbers, measure_rock as measure_rock
from .rock_page import write_rock_numbers as write_rock_numbers
from .rock_transport import measure_transport as measure_transport
from .run_report import RunReport as RunReport
from .segmented_rock import measure_segmented as measure_segmented, show_rock_numbers as show_rock_numbers
from .style_report import (
    compare_styles as compare_styles,
    draw_pairs as draw_pairs,
    draw_style_gallery as draw_style_gallery,
    write_style as write_style,
)
from .table import METHOD_WORDS as METHOD_WORDS, method_words as method_words
from .versions import file_hashes as file_hashes, provenance as provenance
