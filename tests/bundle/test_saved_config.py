import yaml
from monai.bundle import ConfigWorkflow

VERB = """imports: [$import synfine_monai]
output_dir: results
steps: 300
initialize:
- $synfine_monai.bundle.save_config('verb', @output_dir)
"""


def test_options_that_were_set_are_kept_beside_those_of_other_verbs(tmp_path):
    (tmp_path / "verb.yaml").write_text(VERB)
    (tmp_path / "config.yaml").write_text("train: {pairs: 8}\n")
    workflow = ConfigWorkflow(
        str(tmp_path / "verb.yaml"), {}, False, workflow_type=None, output_dir=str(tmp_path), steps=5
    )
    workflow.initialize()
    saved = yaml.safe_load((tmp_path / "config.yaml").read_text())
    assert saved["train"] == {"pairs": 8}
    assert saved["verb"]["steps"] == 5
