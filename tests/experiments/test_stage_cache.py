import json
import logging

import pytest

from synfine_monai.experiments import StageCache
from synfine_monai.experiments.stage_cache import data_hash

VERB = """\
imports:
- $import pathlib

# options
datalist: null
checkpoint: none
seed: 0
gate: null               # a file that must be there
output_dir: results

text: $'' if @gate is None else pathlib.Path(@gate).read_text()
run:
- $print('counting', @seed)
- $pathlib.Path(@output_dir, 'runs.txt').open('a').write('once ' + @text)
"""
LOGGING = "[loggers]\nkeys=root\n[handlers]\nkeys=\n[formatters]\nkeys=\n[logger_root]\nlevel=WARNING\nhandlers=\n"


@pytest.fixture(autouse=True)
def _logging_as_before():
    """MONAI configures logging for the whole process from the verb's folder."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def configs(tmp_path):
    """A folder with one verb, which leaves a file that grows whenever it runs."""
    folder = tmp_path / "configs"
    folder.mkdir()
    (folder / "count.yaml").write_text(VERB)
    (folder / "metadata.json").write_text('{"version": "0"}')
    (folder / "logging.conf").write_text(LOGGING)
    return folder


@pytest.fixture
def cache(tmp_path, configs):
    return StageCache(tmp_path / "cache", configs)


@pytest.fixture
def datalist(tmp_path):
    """A task of one scan; its hash is forgotten afterwards."""
    (tmp_path / "core.raw").write_bytes(b"grey levels")
    content = {"labels": {"0": "solid", "1": "pore"}, "phases": {"0": "matrix", "1": "pore"},
               "training": [{"image": "core.raw"}]}  # fmt: skip
    (tmp_path / "dataset.json").write_text(json.dumps(content))
    data_hash.cache_clear()
    yield tmp_path / "dataset.json"
    data_hash.cache_clear()


def times(stage):
    return (stage / "runs.txt").read_text().split().count("once")


def test_a_stage_runs_once_and_keeps_what_it_printed(cache):
    stage = cache.run("count", {"seed": 3})
    assert cache.run("count", {"seed": 3}) == stage
    assert times(stage) == 1
    assert stage.parent == cache.folder
    assert "counting 3" in (stage / "log.txt").read_text()
    assert json.loads((stage / "done.json").read_text()) == {"verb": "count", "options": {"seed": 3}}


def test_another_cache_object_finds_it(cache, configs):
    stage = cache.run("count", {"seed": 3})
    assert times(StageCache(str(cache.folder), str(configs)).run("count", {"seed": 3})) == 1
    assert len(list(cache.folder.iterdir())) == 1
    assert stage.is_dir()


def test_other_options_make_another_stage(cache):
    assert cache.run("count", {"seed": 3}) != cache.run("count", {"seed": 4})


def test_a_change_of_the_method_makes_another_stage(cache, configs):
    before = cache.run("count", {"seed": 3})
    (configs / "count.yaml").write_text(VERB + "\nlearning_rate: 0.1\n")
    after = cache.run("count", {"seed": 3})
    assert after != before
    assert times(before) == times(after) == 1


def test_what_is_merged_over_a_verb_is_run_and_counts_by_its_content(tmp_path):
    configs, over = tmp_path / "bundles" / "counting" / "configs", tmp_path / "configs" / "over.yaml"
    for folder in (configs, over.parent):
        folder.mkdir(parents=True)
    (configs / "count.yaml").write_text(VERB)
    (configs / "metadata.json").write_text('{"version": "0"}')
    (configs / "logging.conf").write_text(LOGGING)
    over.write_text("text: from above\n")
    cache = StageCache(tmp_path / "cache", configs)
    merged = cache.run("count", {"merge": "configs/over.yaml"})
    assert (merged / "runs.txt").read_text() == "once from above"
    assert cache.run("count", {"merge": "configs/over.yaml"}) == merged != cache.run("count", {})
    over.write_text("text: from elsewhere\n")
    assert cache.run("count", {"merge": "configs/over.yaml"}) != merged


def test_other_data_make_another_stage(cache, datalist):
    before = cache.run("count", {"datalist": str(datalist)})
    data_hash.cache_clear()
    assert cache.run("count", {"datalist": str(datalist)}) == before
    (datalist.parent / "core.raw").write_bytes(b"other grey levels")
    data_hash.cache_clear()
    assert cache.run("count", {"datalist": str(datalist)}) != before


def test_data_may_be_moved(datalist, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for name in ("core.raw", "dataset.json"):
        (elsewhere / name).write_bytes((datalist.parent / name).read_bytes())
    assert data_hash(str(elsewhere / "dataset.json")) == data_hash(str(datalist))


def test_an_earlier_stage_counts_by_its_name_wherever_the_cache_lies(configs, tmp_path):
    names = []
    for place in ("here", "there"):
        cache = StageCache(tmp_path / place, configs)
        checkpoint = cache.run("count", {"seed": 1})
        names.append(cache.run("count", {"checkpoint": str(checkpoint)}).name)
    assert names[0] == names[1]
    assert names[0] != cache.run("count", {"checkpoint": str(cache.run("count", {"seed": 2}))}).name


def test_a_file_of_an_earlier_stage_counts_with_the_stage(cache):
    first, second = (cache.run("count", {"seed": seed}) for seed in (1, 2))
    models = [cache.run("count", {"checkpoint": str(stage / "model.pt")}) for stage in (first, second)]
    assert models[0] != models[1]


def test_a_folder_beside_the_cache_is_no_part_of_it(cache):
    beside = cache.folder.with_name(cache.folder.name + "_old")
    stages = {cache.run("count", {"checkpoint": str(folder / "model")}) for folder in (beside, cache.folder)}
    assert len(stages) == 2


def test_a_failed_stage_keeps_its_words_and_runs_again(cache, tmp_path):
    gate = tmp_path / "gate"
    with pytest.raises(Exception, match="gate"):
        cache.run("count", {"gate": str(gate)})
    (stage,) = cache.folder.iterdir()
    assert (stage / "log.txt").is_file()
    assert not (stage / "done.json").exists()
    gate.touch()
    assert cache.run("count", {"gate": str(gate)}) == stage
    assert times(stage) == 1


@pytest.mark.parametrize("option", ["checkpoint", "rock"])
def test_a_file_from_elsewhere_counts_by_its_content(option, configs, cache, tmp_path):
    (configs / "count.yaml").write_text(VERB.replace("seed: 0\n", "seed: 0\nrock: null\n"))
    file, moved = tmp_path / "some.yaml", tmp_path / "moved.yaml"
    file.write_text("one")
    moved.write_text("one")
    before = cache.run("count", {option: str(file)})
    assert cache.run("count", {option: str(moved)}) == before
    file.write_text("another")
    assert cache.run("count", {option: str(file)}) != before


def test_other_shipped_weights_make_another_stage_where_they_are_used(configs, cache):
    (configs / "count.yaml").write_text(VERB.replace("checkpoint: none", "checkpoint: shipped"))
    (configs.parent / "models").mkdir()
    stages = []
    for content in (b"one", b"two"):
        (configs.parent / "models" / "model.pt").write_bytes(content)
        stages.append((cache.run("count", {}), cache.run("count", {"checkpoint": "none"})))
    assert stages[0][0] != stages[1][0]
    assert stages[0][1] == stages[1][1]
