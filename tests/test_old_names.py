"""What bundles of format 1 name goes on working, also when the files of today have been imported."""

import importlib
import pkgutil
import re

import pytest

import synfine_monai
from synfine_monai.old_names import DOORS, by_doors

NAMES = re.findall(
    r"\S+",
    """
bundle.options.bundle_root bundle.options.check_options bundle.plain_errors.report_errors_plainly
bundle.requirements.check_device bundle.requirements.require_model bundle.requirements.require_option
bundle.save_config.save_config data.chunked_output.ChunkedOutput data.chunked_output.chunks_left
data.chunked_output.made_by data.chunked_output.slices_done data.intensity.measure_scan_intensity
data.scan.labels_path data.scan.open_scan data.scan_field_of_view.find_scan_field_of_view
data.slab_dataset.SlabDataset handlers.porosity_report.PorosityReport handlers.slab_writer.SlabWriter
handlers.slice_progress.SliceProgress handlers.store_writer.StoreWriter inferers.engine.check_engine
inferers.engine_choice.choose_engine inferers.fold_batch_norm.fold_batch_norm
inferers.mixed_precision.MixedPrecisionInferer inferers.scan_signature.scan_signature
inferers.slice_windows.SliceWindowInferer inferers.training_likeness.warn_if_unlike_training
networks.model_file.build_network networks.model_file.find_checkpoint networks.model_file.load_network
networks.model_file.read_model_info report.results_folder.make_results_folder
transforms.logits_to_labels.LogitsToLabelsd
""",
)


@pytest.fixture(scope="module", autouse=True)
def _everything_imported():
    for module in pkgutil.walk_packages(synfine_monai.__path__, "synfine_monai."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


@pytest.mark.parametrize("name", NAMES)
def test_an_old_name_means_what_its_door_hands_out(name):
    found = synfine_monai
    for part in name.split("."):
        found = getattr(found, part)
    door = importlib.import_module(f"synfine_monai.{DOORS[name.rpartition('.')[0]]}")
    assert found is getattr(door, name.rpartition(".")[2])


def test_a_text_is_told_by_doors():
    text = "$synfine_monai.data.scan.open_scan(@scan)  # synfine_monai.scans.open_scan synfine_monai.data.scanner.x"
    assert by_doors(text) == text.replace("data.scan.open_scan", "scans.open_scan")
    assert not re.search(
        "|".join(map(re.escape, DOORS)) + r"\.\w", by_doors("synfine_monai.bundle.options.check_options")
    )
