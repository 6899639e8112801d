"""Two-stage plans whose scenarios do not fit one program: decisions here, each scenario by itself, cuts between them."""
