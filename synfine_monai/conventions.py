"""What the whole package agrees on, said once."""

__all__ = [
    "CLASS_OF_PHASE",
    "FLUID_PHASES",
    "GREY_ORDER",
    "LABELS_SUFFIX",
    "NORMALISATION",
    "OUTSIDE",
    "PATCH_SIZE",
    "PHASES",
    "POOLING",
    "POROSITY_SUFFIX",
    "REACH",
    "SLICES_SUFFIX",
    "UNLABELLED",
]

PHASES = ("matrix", "pore", "water", "clay", "dense")
"""Phases that the generator paints, in the order of their indices."""

FLUID_PHASES = ("pore", "water")
"""Phases that fill the pore space."""

GREY_ORDER = ("pore", "water", "clay", "matrix", "dense")
"""The phases by X-ray attenuation: air, water, clay, the grains, heavy minerals and metal."""

CLASS_OF_PHASE = {name: index for index, name in enumerate(PHASES)}
"""Every phase a class of its own, in the order of ``PHASES``."""

UNLABELLED = 255
"""Value of a voxel without a label."""

OUTSIDE = 255
"""Value of a voxel outside the field of view, in volumes of labels that a network or a baseline wrote."""

PATCH_SIZE = 64
"""Side of a patch in pixels."""

NORMALISATION = "zscore"
"""How grey levels are normalised where nobody says otherwise: a name in ``survey.METHODS``."""

POOLING = 4
"""Total pooling of the networks: they see cells of 4 pixels, counted from an image's edge."""

REACH = 24
"""Pixels around a pixel that decide its class in ``RockUNet``: what a window or a slab needs beyond its borders."""

LABELS_SUFFIX = "_labels"
"""What the name of a scan gets in the name of its labels."""

POROSITY_SUFFIX = "_porosity"
"""What the name of a scan gets in the names of its porosity profile: table, totals and picture."""

SLICES_SUFFIX = "_slices"
"""What the name of a scan gets in the name of the list of its slices without rock."""
