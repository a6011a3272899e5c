from made_up_rows import row

from synfine_monai.experiments import arm_report

WORDS = {"vanilla": "fine-tuning alone", "bridged": "bridged", "mixed_1": "mixed 1:1"}
SCORES = {"berea": "pore_dice"}


def rows(arms):
    return [row(arm, seed, dice, label_budget=4) for arm, dice in arms.items() for seed in range(3)]


def test_tables_name_the_arms_and_answer_the_questions(tmp_path):
    questions = {"Bridged against mixed": [["bridged", "mixed_1"]]}
    made = rows({"vanilla": 0.8, "bridged": 0.9, "mixed_1": 0.85})
    text = arm_report(tmp_path, "Bridge", made, SCORES, WORDS, questions, {"Distances": "none"}).read_text()
    assert "| fine-tuning alone | 0.800" in text
    assert "| berea, 4 | +0.050 [+0.050, +0.050], better |" in text
    assert "## Distances\n\nnone" in text
    assert text.index("Dice of every arm") < text.index("Bridged against mixed") < text.index("Distances")
    assert (tmp_path / "gains.png").is_file()


def test_arms_that_were_not_run_are_left_out(tmp_path):
    questions = {"Bridged against mixed": [["bridged", "mixed_1"]], "Gain": [["bridged", "vanilla"]]}
    text = arm_report(tmp_path, "x", rows({"vanilla": 0.8, "bridged": 0.9}), SCORES, WORDS, questions).read_text()
    assert "mixed 1:1" not in text
    assert "## Bridged against mixed" not in text
    assert "## Gain" in text
