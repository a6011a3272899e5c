"""Losses that leave unlabelled voxels out."""
