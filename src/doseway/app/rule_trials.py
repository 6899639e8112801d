"""What `doseway rule` does: rules found by name, tried on files or on a log, and linted before a departure."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from doseway.app.board import LintNote
from doseway.app.books import SORTS, Book, amended, builtin, from_toml
from doseway.app.file_trials import Read, subject_of
from doseway.app.inspecting import readable
from doseway.app.papers import Papers, read_papers
from doseway.app.rule_names import Lookup, meant
from doseway.app.settings import Settings
from doseway.app.tower.journeys import watch_of
from doseway.app.tower.judging import profile_of
from doseway.app.tower.linting import lint_context
from doseway.app.tower.past import Past
from doseway.app.tower.reading import reading_past
from doseway.app.tower.trying import findings_of, try_on
from doseway.app.trial import Trial, Where
from doseway.model import watch as watches
from doseway.model.errors import Place, UsageError
from doseway.model.rulebook import Entry
from doseway.model.watch import Watch


def rules_meant(name: str, changes: Mapping[str, str], lookup: Lookup) -> tuple[Book, Book | None]:
    """Return the rules of a name, or of a TOML file; and the same without the changes, None where there were none.

    Raises:
        UsageError: nothing has that name, or the file cannot be read. ProfileError: a rule is wrong.
    """
    if not name.endswith(".toml"):
        return meant(name, changes, lookup)
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the file cannot be read: {error}", where=Place(readable(Path(name)))) from error
    book = from_toml(text, name)
    return amended(book, changes) if changes else book, book if changes else None


def entries_meant(name: str) -> Sequence[Entry]:
    """Return the entries of a rule book, or the one of it, that a name means; none for a rule's own name.

    Raises:
        UsageError: nothing has that name.
    """
    if any(name in sort.rule_names() for sort in SORTS.values()):
        return ()
    return rules_meant(name, {}, builtin)[0].rules


def try_on_files(read: Read, papers: Papers | None, book: Book, unchanged: Book | None, where: Where) -> Trial:
    """Try rules on what was read of files.

    They are compared with the same rules unchanged; where nothing was changed, with the rules in force: those of the
    papers, else the alarms set in the device, or the standard watch.
    """
    subject = subject_of(read, papers)
    in_force = unchanged or _in_force(read, papers, book)
    fired = () if in_force is None else findings_of(subject, in_force)
    return try_on(subject._replace(fired=fired), book, where)


@contextmanager
def past_of(settings: Settings) -> Iterator[Past]:
    """Read the history of the log of the settings. Raises Unavailable where there is none."""
    with reading_past(settings) as past:
        yield past


def lint_papers(path: Path) -> Sequence[LintNote]:
    """Return what is wrong with how the shipment of a file of papers is going to be watched."""
    papers = read_papers(path)
    return lint_context(papers.context, papers.devices)


def _in_force(read: Read, papers: Papers | None, book: Book) -> Book | None:
    """Return the rules that a book would take the place of; None where there are none."""
    if isinstance(book, Watch):
        return watch_of(papers.context.watch) if papers is not None and papers.context.watch else watches.builtin()
    if papers is not None and papers.context.limits:
        return profile_of(papers.context.limits)
    return read.device_limits()
