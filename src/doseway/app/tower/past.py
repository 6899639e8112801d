"""What the tower knows of its shipments and devices, as subjects to try rules on; live, or read from a log."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from doseway.app.board import LintNote
from doseway.app.books import Book
from doseway.app.tower.bindings import Bindings
from doseway.app.tower.judging import judge_all
from doseway.app.tower.library import Library
from doseway.app.tower.linting import lint_shipment
from doseway.app.tower.state import Carried, Context, Holder, device_holder, shipment_holder, shipment_of
from doseway.app.tower.trying import Subject, try_on
from doseway.app.trial import Trial, Where
from doseway.coldchain.profile import Profile
from doseway.model.documents import Shipment
from doseway.model.errors import DataError
from doseway.model.findings import Finding

MOST_SUBJECTS: Final = 500


class Past:
    """History to try rules on.

    Args:
        holder: returns what is known of a subject. names: returns the names of all subjects.
        bindings, library: which device was with which shipment, and the documents.
        until_ms: returns the event time up to which silence counts.
    """

    def __init__(
        self,
        holder: Callable[[str], Holder | None],
        names: Callable[[], Iterable[str]],
        bindings: Bindings,
        library: Library,
        until_ms: Callable[[], int],
    ) -> None:
        self._holder = holder
        self._names = names
        self._bindings = bindings
        self._library = library
        self._until_ms = until_ms

    def book(self, kind: str, name: str) -> Book:
        """Return a profile or a watch, the user's own or a built-in one. Raises ProfileError where there is none."""
        return self._library.book(kind, name)

    def lint(self, shipment: str) -> tuple[LintNote, ...]:
        """Return what is wrong with how a shipment is going to be watched. Raises DataError for an unknown one."""
        return lint_shipment(self._shipment(shipment))

    def try_out(self, book: Book, where: Where) -> list[Trial]:
        """Try a book on history, on each subject for itself.

        Raises:
            DataError: there is no such shipment or device, or there are too many for one answer.
        """
        return [try_on(one, book, where) for one in self.subjects(book, where)]

    def subjects(self, book: Book, where: Where) -> list[Subject]:
        """Return what a book is to be tried on. Raises as `try_out` does."""
        if where.device:
            found = list(self._of_device(where.device, where.shipment))
        elif where.shipment:
            found = [self._subject(where.shipment, self._shipment(where.shipment))]
        else:
            found = list(self._heard(where))
        if len(found) > MOST_SUBJECTS:
            what = f"{len(found)} shipments were heard then, and at most {MOST_SUBJECTS} are tried at once"
            raise DataError(what, hint="Name a shipment, a device, or a shorter span.")
        return [self._meant(one, book) for one in found]

    def _heard(self, where: Where) -> Iterator[Subject]:
        for name in sorted(self._names()):
            holder = self._holder(name)
            if shipment_of(name) and holder is not None and holder.context is not None and _is_heard(holder, where):
                yield self._subject(shipment_of(name), holder)

    def _of_device(self, device: str, shipment: str) -> Iterator[Subject]:
        """Yield the shipments that a device was with, and what it observed while it was with none."""
        spans = self._bindings.spans(device)
        alone = self._holder(device_holder(device))
        carried = alone.devices.get(device) if alone is not None else None
        if not spans and carried is None:
            raise DataError(f"nothing was ever heard of a device {device!r}", hint="The devices' page has their names.")
        for name in dict.fromkeys(name for name, _, _ in spans):
            if shipment in {"", name}:
                yield self._subject(name, self._shipment(name))._replace(device=device)
        if carried is not None and carried.history.size and not shipment:
            yield _alone(device, carried)

    def _subject(self, shipment: str, holder: Holder) -> Subject:
        if holder.judged is None:
            holder = msgspec.structs.replace(holder, judged=judge_all({shipment: holder})[shipment])
        until_ms = max(self._until_ms(), holder.heard_ms)
        return Subject(shipment, holder, until_ms, fired=tuple(_fired(holder)))

    def _meant(self, subject: Subject, book: Book) -> Subject:
        """Add what a shipment's documents say of limits: what of them is used, and whether they are the air's."""
        context = subject.holder.context
        assert context is not None
        if not isinstance(book, Profile):
            return subject
        is_ambient = bool(context.ambient_limits) and book.id == context.shipment.ambient_profile
        limits = self._library.limits_of(book, context.shipment)
        return subject._replace(is_ambient=is_ambient, limits=b"" if is_ambient else limits)

    def _shipment(self, shipment: str) -> Holder:
        holder = self._holder(shipment_holder(shipment))
        if holder is None or holder.context is None:
            raise DataError(f"there is no shipment {shipment!r}", hint="The overview has their numbers.")
        return holder


def _fired(holder: Holder) -> Iterator[Finding]:
    yield from (one.finding for one in holder.published.values() if one.state != "retracted")


def _is_heard(holder: Holder, where: Where) -> bool:
    end_ms = None if where.last_ms is None else where.last_ms + 1
    return any(one.history.between(where.first_ms or 0, end_ms).size for one in holder.devices.values())


def _alone(device: str, carried: Carried) -> Subject:
    """Return a device with no shipment: no plan, so that every phase is as good as any."""
    history = carried.history
    first_ms, last_ms = history.oldest_ms or 0, history.newest_ms or 0
    with_itself = msgspec.structs.replace(carried, windows=((first_ms, None),))
    context = Context(shipment=Shipment(id=f"device {device}"))
    holder = Holder(context=context, devices={device: with_itself})
    return Subject(f"device {device}", holder, last_ms, has_phases=False)
