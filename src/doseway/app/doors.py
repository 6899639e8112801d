"""Opens every door that the settings name, and keeps them open."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from doseway.app.settings import Settings
from doseway.engines.cursor_file import FileCursors
from doseway.intake.door import Admit, AdmitLot, DoorState
from doseway.intake.door_settings import TiveSettings
from doseway.model.clock import Clock


class Door(Protocol):
    """Takes messages in until it is cancelled."""

    async def run(self) -> None:
        """Run; what passes by itself is tried again, what does not is raised."""


@runtime_checkable
class Connected(Protocol):
    """A door that holds a connection."""

    def state(self, name: str) -> DoorState:
        """Return how it is; `name` as in `OpenDoor`."""


@dataclass(frozen=True)
class OpenDoor:
    """A door and what it is called in messages: `mqtt:site`."""

    name: str
    door: Door


def make_doors(
    settings: Settings,
    admit: Admit,
    admit_lot: AdmitLot,
    clock: Clock,
    *,
    shipments: Callable[[], Sequence[str]] = lambda: (),
) -> list[OpenDoor]:
    """Make the doors beside the HTTP one; nothing is connected yet.

    Args:
        settings: what doors there are.
        admit, admit_lot: take the messages in, one by one or as they arrive together.
        clock: their time of arrival.
        shipments: the public ids of the shipments that are under way, for doors that ask for them.

    Raises:
        UsageError: a door's settings are wrong.
        Unavailable: a file that they name cannot be read.
        IntegrityError: the file that says how far was read is damaged.
    """
    # A tower without such doors should not load their libraries.
    from doseway.intake.folder import FolderDoor  # noqa: PLC0415
    from doseway.intake.mqtt import MqttDoor  # noqa: PLC0415
    from doseway.intake.poll import TivePoller  # noqa: PLC0415

    doors, cursors = settings.doors, FileCursors(settings.store / "cursors.json")

    def poller(one: TiveSettings) -> TivePoller:
        return TivePoller(one, admit, clock, cursors, shipments=shipments)

    return [
        *(OpenDoor(f"mqtt:{one.name}", MqttDoor(one, admit_lot, clock)) for one in doors.mqtt),
        *(OpenDoor(f"tive:{one.name}", poller(one)) for one in doors.tive),
        *(OpenDoor(f"folder:{one.name}", FolderDoor(one, admit, clock)) for one in doors.folder),
    ]


def states_of(doors: Sequence[OpenDoor]) -> tuple[DoorState, ...]:
    """Return the state of the doors that hold a connection: those of brokers."""
    return tuple(one.door.state(one.name) for one in doors if isinstance(one.door, Connected))


async def run_doors(doors: Sequence[OpenDoor]) -> None:
    """Run doors until cancelled. Raises what the first of them raises, and then the others are closed."""
    async with asyncio.TaskGroup() as group:
        for one in doors:
            group.create_task(one.door.run(), name=one.name)
