"""Two-stage plans whose scenarios do not fit one program: decisions, each scenario by itself, cuts between them."""
