"""The verbs offer what MONAI expects of a bundle, under the ids that it expects."""

import logging

import pytest
from monai.bundle import ConfigWorkflow
from tiny_core import CONFIGS, TINY_TRAINING, TINY_TUNING


@pytest.mark.parametrize(
    ("verb", "kind", "options"),
    [
        ("train", "train", TINY_TRAINING),
        ("finetune", "train", TINY_TUNING),
        ("evaluate", "infer", {}),
        ("inference", "infer", {}),
    ],
)
def test_no_property_is_missing_misnamed_or_unreadable(verb, kind, options, sample, pretrained, tmp_path):
    task = {"scan": str(sample.scan)} if verb == "inference" else {"datalist": str(sample.datalist)}
    model = {} if verb == "train" else {"checkpoint": str(pretrained)}
    workflow = ConfigWorkflow(
        config_file=str(CONFIGS / f"{verb}.yaml"),
        meta_file=str(CONFIGS / "metadata.json"),
        logging_file=str(CONFIGS / "logging.conf"),
        workflow_type=kind,
        output_dir=str(tmp_path),
        **task,
        **model,
        **options,
    )
    workflow.initialize()
    assert workflow.check_properties() == []
    for name in workflow.properties:
        getattr(workflow, name)
    assert logging.getLogger().level == logging.WARNING
