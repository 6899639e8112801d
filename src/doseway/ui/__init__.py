"""The pages: templates, texts in several languages, and the built assets of `web/`."""
