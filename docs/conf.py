"""Sphinx: builds the documentation with warnings as errors."""

project = "Doseway"
copyright = "the Doseway authors, Apache-2.0"  # noqa: A001  # Sphinx's name
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "Doseway"
exclude_patterns = ["_build"]
suppress_warnings = ["myst.xref_missing"]  # links to files of the repository beside docs/
