"""Dice, IoU, accuracy and porosity over labelled voxels in the core."""
