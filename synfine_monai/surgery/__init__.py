"""How strongly parts of a network respond to a shift, and which parts to tune."""
