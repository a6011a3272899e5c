from .json_schema import check_json as check_json
from .labelled_slices import (
    LabelledSlice as LabelledSlice,
    load_labelled_slices as load_labelled_slices,
    specimen_statistics as specimen_statistics,
)
from .labels_of_scan import is_slice_folder as is_slice_folder, open_labels as open_labels
from .outside_of_labels import outside_value_of as outside_value_of
from .pairs_file import (
    check_pairs as check_pairs,
    load_pairs as load_pairs,
    pairs_hash as pairs_hash,
    write_pairs as write_pairs,
)
from .patch_batches import PatchBatches as PatchBatches, mixed_pool as mixed_pool, synthetic_count as synthetic_count
from .patches import (
    Patch as Patch,
    draw_patches as draw_patches,
    keep_patches_only as keep_patches_only,
    patch_tensors as patch_tensors,
    write_patches as write_patches,
)
from .patches_without_labels import (
    unlabelled_patches as unlabelled_patches,
    windows_without_labels as windows_without_labels,
)
from .phase_names import phases_by_name as phases_by_name
from .relabelled_task import write_relabelled as write_relabelled
from .sample_core import make_sample_core as make_sample_core
from .simulated_labeller import (
    NothingToCorrect as NothingToCorrect,
    add_strokes as add_strokes,
    corrective_paths as corrective_paths,
    simulate_strokes as simulate_strokes,
)
from .slab_dataset import SlabDataset as SlabDataset, read_slab as read_slab
from .strokes import Strokes as Strokes, find_strokes as find_strokes
from .styled_bank import make_styled_bank as make_styled_bank
from .synthetic_patches import (
    SyntheticPatches as SyntheticPatches,
    make_synthetic_bank as make_synthetic_bank,
    synthetic_masks as synthetic_masks,
    synthetic_pairs as synthetic_pairs,
)
from .task import (
    SPLITS as SPLITS,
    Item as Item,
    Task as Task,
    class_of_phase as class_of_phase,
    load_datalist as load_datalist,
    synthetic_task as synthetic_task,
)
from .task_from_scan import (
    load_task as load_task,
    load_unlabelled_task as load_unlabelled_task,
    require_labels as require_labels,
    scans_to_segment as scans_to_segment,
)
from .whole_labels import as_whole_labels as as_whole_labels
from .windows import (
    TrainingWindows as TrainingWindows,
    describe_labels as describe_labels,
    labels_in_words as labels_in_words,
    require_windows as require_windows,
    training_windows as training_windows,
)
