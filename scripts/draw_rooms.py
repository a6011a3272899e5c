"""Draw docs/figures/rooms.svg from the table of docs/explanation/architecture.md: the rooms and the two streams.

python scripts/draw_rooms.py
"""

import re
import textwrap
from io import StringIO
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

ROOT = Path(__file__).resolve().parents[1]
FLOORS = [
    ["conventions", "errors", "files", "notices", "old_names"],
    ["scans", "transforms", "survey", "data"],
    ["networks", "rock", "losses", "metrics"],
    ["training", "baselines", "surgery"],
    ["visualize", "handlers", "inferers", "report", "planning"],
    ["bundle", "sharing", "experiments", "labelling"],
]
COLOURS = ["#E9ECEF", "#D6E6F2", "#DDEBDC", "#F6E7C8", "#EBDDF0", "#F3D9D5"]
STREAMS = [  # x, colour, title, (floor, what happens)
    (-1.0, "#0072B2", "a scan → labels", [
        (1, "scans: open it\nsurvey: core, greys"),
        (2, "networks: U-Net"),
        (3, "surgery + training:\nfine-tune on patches"),
        (4, "inferers: all slabs\nreport: porosity"),
        (5, "synfine segment,\nsynfine learn"),
    ]),
    (9.0, "#B35900", "a seed → pairs", [
        (1, "transforms.generate:\nrock; data: pairs"),
        (2, "losses on patches"),
        (3, "training:\npre-train"),
        (4, "handlers save\nmodel.pt"),
        (5, "synfine train"),
    ]),
]  # fmt: skip
WIDTH, HEIGHT = 8.0, 1.0


def main() -> None:
    """Write the picture."""
    page = (ROOT / "docs/explanation/architecture.md").read_text("utf-8")
    lines = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|$", page, re.MULTILINE))
    assert list(lines) == [room for rooms in FLOORS for room in rooms], "floors and table differ"
    plt.rcParams |= {"svg.fonttype": "none", "font.family": "DejaVu Sans", "svg.hashsalt": "rooms"}
    figure, axes = plt.subplots(figsize=(13, 7.4))
    for floor, rooms in enumerate(FLOORS):
        draw_floor(axes, floor, {room: lines[room] for room in rooms})
    for x, colour, title, steps in STREAMS:
        draw_stream(axes, x, colour, title, steps)
    axes.set(xlim=(-2.05, 10.05), ylim=(-0.15, 6.75))
    axes.axis("off")
    picture = StringIO()
    figure.savefig(picture, format="svg", bbox_inches="tight", facecolor="white", metadata={"Date": None})
    text = picture.getvalue().replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")
    (ROOT / "docs/figures/rooms.svg").write_text(text, encoding="utf-8")


def draw_floor(axes: plt.Axes, floor: int, rooms: dict[str, str]) -> None:
    """One floor: its rooms side by side, each with its name and one line."""
    width = WIDTH / len(rooms)
    for place, (room, line) in enumerate(rooms.items()):
        left, bottom = place * width + 0.04, floor * 1.07
        style = {"boxstyle": "round,pad=0,rounding_size=0.06", "edgecolor": "#555555", "linewidth": 0.8}
        axes.add_patch(FancyBboxPatch((left, bottom), width - 0.08, HEIGHT, facecolor=COLOURS[floor], **style))
        words = textwrap.fill(line.replace("`", ""), int(13.2 * width))
        axes.text(left + 0.1, bottom + 0.9, room, fontsize=11, weight="bold", va="top", color="#222222")
        axes.text(left + 0.1, bottom + 0.63, words, fontsize=7.2, va="top", color="#333333", linespacing=1.25)


def draw_stream(axes: plt.Axes, x: float, colour: str, title: str, steps: list[tuple[int, str]]) -> None:
    """One stream: an arrow upwards beside the house, and what happens on each floor."""
    axes.annotate(
        "", (x, 6.42), (x, 0.85), arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 2.2, "alpha": 0.8}
    )
    axes.text(x, 6.5, title, ha="center", fontsize=11.5, weight="bold", color=colour)
    for floor, words in steps:
        box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": colour, "linewidth": 1}
        axes.text(
            x, floor * 1.07 + HEIGHT / 2, words, ha="center", va="center", fontsize=8.2, color="#222222", bbox=box
        )


if __name__ == "__main__":
    main()
