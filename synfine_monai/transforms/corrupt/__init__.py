"""One CT artefact's physics a file, and one generic random wrapper."""
