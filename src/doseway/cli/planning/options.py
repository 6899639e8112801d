"""Options and plumbing of the planning commands: how hard to try, how to show an answer, how to stop."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import rich_click as click

from doseway.cli.talk import is_terminal, print_json, say, tell
from doseway.model.errors import UsageError

if TYPE_CHECKING:
    from doseway.plan.highs import Progress, Watch
    from doseway.plan.questions.answering import Answer, Effort
    from doseway.plan.seeing.drawing import Figure
    from doseway.plan.tables import Network

Command = TypeVar("Command", bound=Callable[..., Any])
INTERRUPTED = 130

network_argument = click.argument("network", type=click.Path(path_type=Path), metavar="NETWORK")


class How(msgspec.Struct, frozen=True, kw_only=True):
    """What the shared options say."""

    gap: float
    seconds: float
    tier_first: bool
    strict: bool
    as_json: bool
    tables: bool
    html: Path | None
    xlsx: Path | None


def shared_options(command: Command) -> Command:
    """Add how hard to try and how to show the answer; the command gets them as `how`."""

    def call(*arguments: Any, **named: Any) -> Any:
        how = How(**{name: named.pop(name) for name in How.__struct_fields__})
        return command(*arguments, how=how, **named)

    call.__name__, call.__doc__ = command.__name__, command.__doc__
    call.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]  # click keeps them there
    wrapped: Any = call
    for option in (
        click.option("--xlsx", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write XLSX."),
        click.option(
            "--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write one HTML page."
        ),
        click.option("--tables", is_flag=True, help="Print the tables too."),
        click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output."),
        click.option("--strict", is_flag=True, help="Warnings about the tables stop too, as in CI."),
        click.option(
            "--tier-first", is_flag=True, help="Serve the most needed clinical tier before cost is looked at."
        ),
        click.option("--seconds", default=120.0, metavar="S", help="Most seconds of each solve.", show_default=True),
        click.option(
            "--gap", default=0.001, metavar="SHARE", help="Distance to the bound that is enough.", show_default=True
        ),
    ):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]  # what click.option returns


def loaded(path: Path, how: How) -> "Network":
    """Read and check a network; warnings are told."""
    from doseway.app.planning import load  # noqa: PLC0415  # loads numpy

    network, warnings = load(path, is_strict=how.strict)
    for warning in warnings:
        say(f"warning: {warning}")
    return network


class Stop:
    """Whether somebody pressed Ctrl-C: the first ends the solve with the best plan so far, the second everything."""

    def __init__(self) -> None:
        self.is_asked = False

    def asked(self, _number: int, _frame: FrameType | None) -> None:
        """Note a Ctrl-C."""
        if self.is_asked:
            raise KeyboardInterrupt
        self.is_asked = True


@contextmanager
def trying(how: How, title: str) -> Iterator[tuple["Effort", Stop]]:
    """Give the effort for a question, with progress for people, and whether it was stopped."""
    from doseway.plan.highs import Limits  # noqa: PLC0415  # loads numpy
    from doseway.plan.questions.answering import Effort  # noqa: PLC0415

    if not 0 <= how.gap < 1 or how.seconds <= 0:
        raise UsageError("the gap is a share from 0 and below 1, and seconds are above 0")
    stop = Stop()
    before = signal.signal(signal.SIGINT, stop.asked)
    try:
        with _watching(title, stop) as watch:
            limits = Limits(gap=how.gap, seconds=how.seconds)
            yield Effort(limits=limits, watch=watch, is_tier_first=how.tier_first), stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _watching(title: str, stop: Stop) -> Iterator["Watch"]:
    """Give a watch that shows seconds, best cost, bound and gap on a terminal."""
    if not is_terminal():
        yield lambda _progress: not stop.is_asked
        return
    from rich.console import Console  # noqa: PLC0415  # only for people
    from rich.progress import Progress as Bar  # noqa: PLC0415
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[state]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{title} (Ctrl-C keeps the best so far)", total=None, state="")

        def watch(progress: "Progress") -> bool:
            bar.update(task, state=_state(progress))
            return not stop.is_asked

        yield watch


def _state(progress: "Progress") -> str:
    if progress.gap == float("inf"):
        return f"bound {progress.bound:,.4g}" if abs(progress.bound) != float("inf") else ""
    return f"cost {progress.cost:,.6g}  bound {progress.bound:,.6g}  gap {progress.gap:.2%}"


def show(
    answer: "Answer", how: How, title: str, network: "Network | None" = None, figures: "tuple[Figure, ...]" = ()
) -> None:
    """Show an answer as asked: words, tables, JSON, and files."""
    if how.as_json:
        print_json({"question": title, "words": answer.words(), "answer": msgspec.to_builtins(answer)})
    else:
        for line in answer.words():
            tell(line)
        if how.tables:
            from doseway.cli.planning.views import print_sheets  # noqa: PLC0415  # loads rich

            print_sheets(answer.sheets())
    if how.xlsx or how.html:
        from doseway.app.planning import write_report, write_workbook  # noqa: PLC0415  # loads the writers
        from doseway.plan.seeing.report import Chapter  # noqa: PLC0415

        if how.xlsx:
            write_workbook(how.xlsx, answer)
            say(f"Wrote {how.xlsx}.")
        if how.html:
            write_report(how.html, title, [Chapter(title, answer, figures)], network)
            say(f"Wrote {how.html}.")


def ended(stop: Stop, code: int = 0) -> int:
    """Return the exit code: 130 when the solve was stopped, though the best plan so far was shown."""
    if stop.is_asked:
        say("Stopped: this is the best so far.")
        return INTERRUPTED
    return code
