"""What a bundle that somebody sent must pass, one check a file."""
