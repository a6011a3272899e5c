"""What strokes and seconds buy: a robot labels a task's scan, a network and a random forest learn from its strokes."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from synfine_monai.baselines import RandomForestBaseline
from synfine_monai.data import LabelledSlice, Task, load_labelled_slices
from synfine_monai.inferers import MixedPrecisionInferer
from synfine_monai.labelling.robot import Robot
from synfine_monai.labelling.session import Session
from synfine_monai.metrics import confusion_matrix, segmentation_scores
from synfine_monai.report import network_method
from synfine_monai.scans import create_scan, open_scan

SCORES = ("pore_dice", "mean_dice")


def stacked_scan(task: Task, path: Path) -> tuple[Path, dict[tuple[str, int], int]]:
    """The scans of the training specimen as one, since a session has one scan.

    Args:
        task: with one specimen in its training items.
        path: of the scan that is written.

    Returns:
        The path, and for (name of an item, z in it) the slice of the new scan.
    """
    items = {item.image: item for item in task.specimen_items(task.training[0].specimen)}
    places, slabs = dict[tuple[str, int], int](), list[np.ndarray]()
    for item in items.values():
        with open_scan(item.image) as scan:
            at = sum(len(slab) for slab in slabs)
            places |= {(item.name, z): at + z for z in range(scan.shape[0])}
            slabs.append(scan.read())
            info = scan.info
    volume = np.concatenate(slabs)
    with create_scan(path, replace(info, shape=volume.shape), volume.dtype) as sink:
        sink.write(volume)
    return path, places


def robot_trial(
    task: Task, folder: Path, rounds: Sequence[int], seed: int = 0, threads: int = 1, split: str = "test"
) -> Iterator[dict[str, Any]]:
    """Let a robot label a task, and judge what is learned after each round.

    Args:
        task: with training labels, which are the robot's truth, and items to judge by.
        folder: for the scan and the session.
        rounds: strokes of each class, in each round.
        seed: of the session, the robot and the forest.
        threads: of torch, for each of the session's threads.
        split: by which it is judged; its labels are not seen by the robot.

    Yields:
        Of round 0, before any stroke, and of each round: "round", "strokes" in all, "seconds" and "cpu_seconds" of
        computing so far, "rounds" of retuning, and "network" and "forest", each with ``SCORES``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scan, places = stacked_scan(task, folder / "scan.tif")
    judged = load_labelled_slices(task, split)
    classes = {name: "+".join(phases) for name, phases in zip(task.labels, task.phases, strict=True)}
    with Session.open(scan, folder / "session", classes, seed=seed, threads=threads) as session:
        truths = [replace(s, z=places[s.item, s.z]) for s in load_labelled_slices(task, "training")]
        robot, spent = Robot(session, truths, seed=seed), np.zeros(2)
        session.wait_idle()
        for number, strokes in enumerate([0, *rounds]):
            begun = np.array([time.perf_counter(), time.process_time()])
            if strokes and not robot.play(strokes):
                return
            state = session.wait_idle()
            spent += np.array([time.perf_counter(), time.process_time()]) - begun
            yield {
                "round": number, "strokes": state["strokes"], "seconds": spent[0], "cpu_seconds": spent[1],
                "rounds": state["version"], "network": _network_scores(session, judged, task),
                "forest": _forest_scores(session, truths, judged, task, seed) if strokes else None,
            }  # fmt: skip


def _network_scores(session: Session, judged: Sequence[LabelledSlice], task: Task) -> dict[str, float]:
    predict = network_method(session.predictor.network, MixedPrecisionInferer(), "cpu")
    return _scores([predict(one.image, one.fov) for one in judged], judged, task)


def _forest_scores(
    session: Session, truths: Sequence[LabelledSlice], judged: Sequence[LabelledSlice], task: Task, seed: int
) -> dict[str, float]:
    """Of a forest that is grown on the strokes as the session keeps them."""
    drawn = [replace(one, label=np.where(one.fov, session.drawn("xy", one.z), 255)) for one in truths]
    forest = RandomForestBaseline(seed).fit([one for one in drawn if (one.label != 255).any()])
    return _scores([forest.predict(one.image, one.fov) for one in judged], judged, task)


def _scores(results: Sequence[np.ndarray], judged: Sequence[LabelledSlice], task: Task) -> dict[str, float]:
    counts = [confusion_matrix(r, s.label, s.fov, task.num_classes) for r, s in zip(results, judged, strict=True)]
    scores: Mapping[str, Any] = segmentation_scores([np.sum(counts, axis=0)], task.labels, task.pore_labels, ["all"])
    return {name: scores[name] for name in SCORES}
