from pathlib import Path

import pytest
from monai.bundle import ConfigParser

from synfine_monai.bundle import read_options
from synfine_monai.surgery import check_reinitialise
from synfine_monai.transforms.corrupt import CORRUPTION_NAMES, SEVERITIES

ROOT = Path(__file__).resolve().parents[2]
VERBS = ROOT / "bundles" / "rock_ct_segmentation" / "configs"
GENERATION = ROOT / "bundles" / "rock_ct_generation" / "configs"
HYBRID = ROOT / "bundles" / "rock_ct_hybrid_segmentation" / "configs"
EXPERIMENTS = sorted((ROOT / "configs" / "experiments").glob("*.yaml"))
SIZES = [{"size": "default"}, {"size": "full"}, {"quick": True}]
OF_THE_RUN = {"sensitivity", "bridge", "start", "level", "pairs", "rounds", "untuned", "merge"}
OPTIONS = ["data", "output_dir", "cache_dir", "split", "size", "quick", "jobs", "device"]


@pytest.fixture(params=EXPERIMENTS, ids=lambda file: file.stem)
def file(request):
    return request.param


def parsed(file: Path, **options: object) -> ConfigParser:
    return ConfigParser({**ConfigParser.load_config_file(file), **options})


def options_of(verb: str) -> set[str]:
    return set(read_options(VERBS / f"{verb}.yaml"))


def methods_of(file: Path, **options: object) -> dict[str, dict]:
    """Ways to tune, of the experiments that compare these."""
    parser = parsed(file, **options)
    return parser.get_parsed_content("methods") if "methods" in parser.get() else {}


def test_there_are_experiments():
    assert {file.stem for file in EXPERIMENTS} >= {
        "corrupted", "synthetic_to_real", "label_efficiency", "bridged", "style", "hybrid",
    }  # fmt: skip


def test_all_experiments_take_the_same_options_with_help(file):
    options = read_options(file)
    assert list(options) == OPTIONS
    assert all(option.help for option in options.values())


def test_sizes_differ_in_numbers_only(file):
    sizes = parsed(file).get("sizes")
    assert set(sizes) == {"default", "full", "quick"}
    assert len({tuple(numbers) for numbers in sizes.values()}) == 1


@pytest.mark.parametrize("options", SIZES, ids=str)
def test_bridges_are_two_passes_over_their_pairs(options):
    for name, method in methods_of(ROOT / "configs" / "experiments" / "bridged.yaml", **options).items():
        if "bridge" in method:
            assert set(method["bridge"]) <= options_of("train") - {"device", "seed", "datalist", "output_dir"}, name
            steps = method["bridge"]["epochs"] * method["bridge"]["steps_per_epoch"]
            assert options.get("quick") or steps == 2 * -(-method["bridge"]["pairs"] // 32), name


def test_what_starts_anew_is_trained(file):
    for method in methods_of(file).values():
        check_reinitialise(method.get("reinitialise", "none"), method.get("tune", "all"))


def test_the_long_arms_see_as_much_as_a_bridge_and_the_usual_steps():
    methods = methods_of(ROOT / "configs" / "experiments" / "bridged.yaml")
    recipe = ConfigParser.load_config_file(VERBS / "finetune.yaml")["recipes"]["patches"]
    bridge = methods["bridged_mixup"]["bridge"]
    patch = (64 + 2 * 8) ** 2 * recipe["batch_size"]
    seen = bridge["epochs"] * bridge["steps_per_epoch"] * 32 * 64**2 + recipe["min_steps"] * patch
    for name in ("vanilla_long", "mixed_1", "mixed_10"):
        assert methods[name]["min_steps"] * patch == pytest.approx(seen, rel=0.01)


def test_options_choose_the_numbers(file):
    for chosen, options in (("default", {}), ("full", {"size": "full"}), ("quick", {"quick": True})):
        parser = parsed(file, **options)
        assert parser.get_parsed_content("numbers") == parser.get("sizes")[chosen]


@pytest.mark.parametrize("options", SIZES, ids=str)
def test_every_task_that_is_run_is_known_and_says_how_it_is_judged(file, options):
    parser = parsed(file, **options)
    if "tasks" not in parser.get():
        return
    scores = parser.get_parsed_content("scores")
    assert {run["task"] for run in parser.get_parsed_content("experiment::runs")} <= set(scores)
    assert set(scores.values()) <= {"mean_dice", "pore_dice"}


@pytest.mark.parametrize("options", SIZES, ids=str)
def test_stages_get_options_that_their_verbs_have(file, options):
    parser = parsed(file, **options)
    assert set(parser.get_parsed_content("numbers")["tuning"]) <= options_of("finetune")
    if "pretraining" in parser.get():
        pretraining = parser.get_parsed_content("pretraining")
        assert set(pretraining["options"]) <= options_of(pretraining["verb"])


@pytest.mark.parametrize("options", SIZES, ids=str)
def test_methods_are_ways_to_fine_tune_or_baselines(file, options):
    for name, method in methods_of(file, **options).items():
        if "baseline" in method:
            assert set(method) <= {"baseline", "start"}, name
        else:
            assert set(method) - OF_THE_RUN <= options_of("finetune"), name


def test_the_tasks_of_bridges_are_those_that_are_run():
    for options in SIZES:
        parser = parsed(ROOT / "configs" / "experiments" / "bridged.yaml", **options)
        runs = parser.get_parsed_content("experiment::runs")
        assert set(parser.get_parsed_content("execute::tasks")) == {run["task"] for run in runs}


def test_shifts_are_known(file):
    for shift in (parsed(file).get("shifts", {}) or {}).values():
        if "corruption" in shift:
            assert shift["corruption"] in CORRUPTION_NAMES
            assert shift["severity"] in SEVERITIES
        else:
            assert list(shift) in (["dilate"], ["every_row"])


@pytest.mark.parametrize("options", SIZES, ids=str)
def test_runs_differ_by_the_columns_that_the_record_tells_them_apart_by(file, options):
    parser = parsed(file, **options)
    runs, factors = (parser.get_parsed_content(name) for name in ("experiment::runs", "record::factors"))
    assert {tuple(run) for run in runs} == {tuple(factors)}
    assert len({tuple(run.values()) for run in runs}) == len(runs)


def test_quick_runs_one_seed_of_one_task_with_every_method(file):
    parser = parsed(file, quick=True)
    runs = parser.get_parsed_content("experiment::runs")
    assert {run["method"] for run in runs if "method" in run} == set(methods_of(file, quick=True))
    assert len({(run.get("task"), run["seed"]) for run in runs}) == 1


@pytest.mark.parametrize("options", SIZES, ids=str)
def test_arms_have_words_and_questions_ask_of_arms(file, options):
    parser = parsed(file, **options)
    words, questions = parser.get("words"), parser.get("questions") or {}
    methods = set(methods_of(file, **options))
    assert words is None or set(words) == methods
    assert {arm for pairs in questions.values() for pair in pairs for arm in pair} <= methods


@pytest.mark.parametrize("options", SIZES, ids=str)
def test_sources_of_pairs_are_chains_of_the_generation_verbs(options):
    parser = parsed(ROOT / "configs" / "experiments" / "style.yaml", **options)
    for chain in parser.get_parsed_content("chains").values():
        for verb, own in chain.items():
            assert set(own) <= set(read_options(GENERATION / f"{verb}.yaml"))


@pytest.mark.parametrize("options", SIZES, ids=str)
def test_starts_are_networks_that_the_hybrid_bundle_trains_alike_but_for_what_they_learn(options):
    parser = parsed(ROOT / "configs" / "experiments" / "hybrid.yaml", **options)
    networks, numbers = (parser.get_parsed_content(name) for name in ("networks", "numbers"))
    known = set(read_options(HYBRID / "train.yaml"))
    assert all(set(own) <= known for own in networks.values())
    assert all({name: own[name] for name in numbers["start"]} == numbers["start"] for own in networks.values())
    assert set(parser.get_parsed_content("samples::options")) <= set(read_options(HYBRID / "generate.yaml"))
    used = {method["start"] for method in methods_of(ROOT / "configs" / "experiments" / "hybrid.yaml").values()
            if "start" in method}  # fmt: skip
    assert used == set(networks)
