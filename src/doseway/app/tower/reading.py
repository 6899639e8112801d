"""The past of a tower read from its log, beside the process that may be writing to it. Nothing is written."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from doseway.app import logbook
from doseway.app.inspecting import how
from doseway.app.settings import Settings
from doseway.app.tower.admission import Handover
from doseway.app.tower.bindings import Bindings
from doseway.app.tower.decoding import Decoders
from doseway.app.tower.evaluate import fold
from doseway.app.tower.keeper import cut
from doseway.app.tower.library import Library
from doseway.app.tower.past import Past
from doseway.app.tower.router import Router
from doseway.app.tower.state import Carried, Event, Holder, State, device_holder, shipment_holder
from doseway.intake import message_registry
from doseway.intake.port import MessageFormat
from doseway.ledger.log import Log
from doseway.ledger.seam import PARTITIONS, partition_of

_FACTS: Final = 5_000


@contextmanager
def reading_past(settings: Settings, messages: Mapping[str, MessageFormat] | None = None) -> Iterator[Past]:
    """Fold the log of the settings, as far as it goes now; event time is that of its newest fact.

    Args:
        settings: where the log lies, and how files without a zone are read.
        messages: the live formats, by id; by default all that are registered.

    Raises:
        Unavailable: there is no log.
    """
    with logbook.reading(settings) as log:
        yield past_of(log, settings, messages)


def past_of(log: Log, settings: Settings, messages: Mapping[str, MessageFormat] | None = None) -> Past:
    """Fold a log."""
    states: dict[int, State] = {partition: State() for partition in range(PARTITIONS)}
    bindings = Bindings()
    library = Library(bindings)

    def holder(name: str) -> Holder | None:
        return states[partition_of(name)].holders.get(name)

    def observed(device: str) -> list[Carried]:
        names = {device_holder(device), *(shipment_holder(one) for one, _, _ in bindings.spans(device))}
        found = (holder(name) for name in sorted(names))
        return [one.devices[device] for one in found if one is not None and device in one.devices]

    known = {one.id: one for one in message_registry.all_formats()} if messages is None else messages
    decoders = Decoders(known, None, how(settings), library.device_keys)
    router = Router(log, decoders, Handover(), observed, bindings, library)
    size = log.size
    for start in range(0, size, _FACTS):
        facts = list(log.facts(start, min(start + _FACTS, size)))
        _take(states, router.route(facts))
    _take(states, router.settle()[0])
    until_ms = log.fact(size - 1).fact.at_ms if size else 0
    return Past(
        holder,
        lambda: [name for state in states.values() for name in state.holders],
        bindings,
        library,
        lambda: until_ms,
    )


def _take(states: dict[int, State], events: list[Event]) -> None:
    states.update(fold(states, cut(events, 0))[0])
