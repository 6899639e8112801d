"""Ask the policy's witnesses to cosign the log's newest checkpoint, and be a witness for others."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from doseway.app.keys import create_key, make_folder, read_key
from doseway.app.logbook import SystemClock, read_policy
from doseway.app.settings import Settings
from doseway.engines.witness_http import http_witnesses
from doseway.engines.witness_sqlite import SqliteWitnessStore
from doseway.ledger.cosignature import Cosigner
from doseway.ledger.note import VerifierKey
from doseway.ledger.quorum import Gathered, gather
from doseway.ledger.sequencer import Sequencer
from doseway.ledger.tiles import TileReader
from doseway.ledger.witness import Witness
from doseway.model.errors import UsageError

_PATIENCE_S: Final = 4.0
"""For one request to a witness; a silent one is asked five times, and meanwhile nothing can be appended."""


def cosign(settings: Settings, sequencer: Sequencer) -> Gathered:
    """Gather cosignatures of the newest checkpoint; kept in the log once the policy's quorum is met.

    Raises:
        UsageError: the policy names no witness that can be reached.
        ForkedLog, RolledBack: a witness does not confirm this log. Stop, and find out why.
    """
    policy = read_policy(settings)
    ports = http_witnesses(policy, timeout_s=_PATIENCE_S)
    if not has_witnesses(settings):
        hint = f"Add `witness NAME VKEY URL` lines and a quorum to {settings.store / 'policy'}."
        raise UsageError("the policy names no witness with a URL", hint=hint)
    log = sequencer.log
    try:
        gathered = gather(
            log.checkpoint(),
            origin=log.origin,
            policy=policy,
            witnesses=ports,
            read=TileReader(log.tile, log.size),
            save=lambda note: _keep(sequencer, note),
            now_s=SystemClock().now_ms() // 1000,
        )
    finally:
        for port in ports:
            port.close()
    for alarm in gathered.alarms:
        raise alarm.error()
    return gathered


def has_witnesses(settings: Settings) -> bool:
    """Tell whether the policy names a witness that can be reached."""
    return any(one.url for one in read_policy(settings).witnesses)


def _keep(sequencer: Sequencer, note: bytes) -> None:
    sequencer.keep_cosigned(note)


def open_witness(folder: Path, name: str, log_vkeys: Iterable[str]) -> tuple[Witness, SqliteWitnessStore]:
    """Open a witness that watches the logs with these keys; the first call makes it.

    A witness that has its key and has lost its memory is not given an empty one: it could be made to cosign a fork.

    Raises:
        DataError: a key is malformed.
        UsageError: no log is given, the name is not the one that the witness was made with, or it has lost its memory.
    """
    logs: dict[str, list[VerifierKey]] = {}
    for vkey in log_vkeys:
        key = VerifierKey.parse(vkey)
        logs.setdefault(key.name, []).append(key)
    if not logs:
        raise UsageError("a witness watches at least one log", hint="Give --log VKEY; `doseway log status` prints it.")
    database, key_file = folder / "witness.sqlite", folder / "witness.key"
    if not key_file.exists():
        # The memory comes first: a crash in between leaves an empty memory that no key has ever used.
        make_folder(folder)
        if not database.exists():
            SqliteWitnessStore.create(database).close()
        create_key(key_file, name)
    stored = read_key(key_file)
    if stored.name != name:
        raise UsageError(f"the witness in {folder} is named {stored.name}, not {name}")
    store = SqliteWitnessStore.open(database)
    return Witness(store, Cosigner(stored.name, stored.key()), logs, SystemClock()), store
