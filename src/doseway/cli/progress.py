"""Progress bars, for people only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from doseway.cli.talk import is_terminal


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function that is told how many of how many are done; without a terminal it does nothing."""
    if not is_terminal():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415  # only for people
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
