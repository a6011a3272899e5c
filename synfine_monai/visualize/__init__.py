"""Plain drawing functions and the phases' colours."""
