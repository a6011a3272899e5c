from synfine_monai.experiments import grid


def test_every_combination_the_last_factor_fastest():
    assert grid({"task": ["berea", "concrete"], "seed": [0, 1]}) == [
        {"task": "berea", "seed": 0},
        {"task": "berea", "seed": 1},
        {"task": "concrete", "seed": 0},
        {"task": "concrete", "seed": 1},
    ]


def test_a_factor_without_values_leaves_nothing_to_do():
    assert grid({"task": ["berea"], "seed": []}) == []
