"""The log itself, end to end: served by a second process, witnessed by a third, verified by a stranger."""

import threading
from contextlib import closing
from pathlib import Path

import pytest
from tests.api.asgi_kit import running
from tests.ledger.log_kit import ORIGIN, START_MS, Place, failures, signer_of
from tests.ledger.published_kit import seed

from doseway.engines.tiles_http import open_url
from doseway.engines.witness_http import http_witnesses
from doseway.engines.witness_sqlite import SqliteWitnessStore
from doseway.ledger.cosignature import Cosigner
from doseway.ledger.export import export
from doseway.ledger.keys import SigningKey
from doseway.ledger.policy import Policy, parse_policy
from doseway.ledger.published import audit
from doseway.ledger.quorum import Gathered, gather
from doseway.ledger.sequencer import Sequencer
from doseway.ledger.static import open_folder
from doseway.ledger.tiles import TileReader
from doseway.model.errors import ForkedLog, RolledBack, SignatureInvalid

TILES = """
import sys
from pathlib import Path
from doseway.api.serve import serve
from doseway.api.tiles import tiles_app
from doseway.engines.sqlite import SqliteReader
from doseway.ledger.log import open_log
reader = SqliteReader(Path(sys.argv[1]))
serve(tiles_app(open_log(reader)), on_ready=lambda url: print(url, flush=True))
reader.close()
"""
WITNESS = """
import sys
from pathlib import Path
from doseway.api.serve import serve
from doseway.api.witness import witness_app
from doseway.engines.witness_sqlite import SqliteWitnessStore
from doseway.ledger.cosignature import Cosigner
from doseway.ledger.keys import SigningKey
from doseway.ledger.witness import Witness
from tests.ledger.log_kit import ORIGIN, HandClock, signer_of
from tests.ledger.published_kit import seed
cosigner = Cosigner("witness.example/w1", SigningKey.from_seed(seed("witness")))
keys = (signer_of().vkey, signer_of("second key").vkey)
store = SqliteWitnessStore.open(Path(sys.argv[1]))
serve(witness_app(Witness(store, cosigner, {ORIGIN: keys}, HandClock())), on_ready=lambda url: print(url, flush=True))
"""
COSIGNER = Cosigner("witness.example/w1", SigningKey.from_seed(seed("witness"))).vkey
OLD, NEW = signer_of(), signer_of("second key")


def policy_of(url: str) -> Policy:
    return parse_policy(f"log {OLD.vkey}\nlog {NEW.vkey}\nwitness w1 {COSIGNER} {url}\nquorum w1\n")


def cosign(sequencer: Sequencer, url: str) -> Gathered:
    (port,) = http_witnesses(policy_of(url))
    log = sequencer.log
    with closing(port):
        return gather(
            log.checkpoint(),
            origin=ORIGIN,
            policy=policy_of(url),
            witnesses=[port],
            read=TileReader(log.tile, log.size),
            save=sequencer.keep_cosigned,
            now_s=START_MS // 1000,
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "log")


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    SqliteWitnessStore.create(tmp_path / "witness.sqlite").close()
    return tmp_path / "witness.sqlite"


def test_a_stranger_verifies_a_log_that_grows_while_it_is_read(place: Place, tmp_path: Path) -> None:
    with place.open() as sequencer:
        sequencer.append(failures(range(700)))
        done = threading.Event()

        def write() -> None:
            at = 700
            while not done.is_set():
                sequencer.append(failures(range(at, at + 10)))
                at += 10

        with running(TILES, str(place.log_path)) as process, closing(open_url(process.url)) as remote:
            writer = threading.Thread(target=write)
            writer.start()
            try:
                sizes = []
                for number in range(3):
                    sizes.append(audit(remote, ORIGIN, [OLD.vkey]).checkpoint.size)
                    export(remote, tmp_path / "copy", ORIGIN, [OLD.vkey])
                    assert audit(open_folder(tmp_path / "copy"), ORIGIN, [OLD.vkey]).checkpoint.size >= sizes[number]
            finally:
                done.set()
                writer.join()
            seen: list[bytes] = []
            final = audit(remote, ORIGIN, [OLD.vkey], on_entry=lambda _index, entry: seen.append(entry))
            assert final.checkpoint.size == sequencer.log.size > sizes[0] >= 701
            assert seen == list(sequencer.log.entries())


def test_a_witness_follows_a_log_over_a_change_of_its_key(place: Place, memory: Path) -> None:
    with running(WITNESS, str(memory)) as witness, place.open() as sequencer:
        for step in range(3):
            sequencer.append(failures(range(step * 100, step * 100 + 100)))
            if step == 1:
                sequencer.rotate(NEW, reason="yearly", by="test")
            gathered = cosign(sequencer, witness.url)
            assert gathered.is_met, gathered.outcomes
            assert sequencer.log.cosigned() == gathered.note
        with pytest.raises(SignatureInvalid):
            audit(sequencer.log, ORIGIN, [OLD.vkey])
        assert audit(sequencer.log, ORIGIN, [NEW.vkey]).checkpoint.size == sequencer.log.size


def test_a_witness_notices_a_log_that_was_rolled_back_or_rewritten(place: Place, memory: Path, tmp_path: Path) -> None:
    with running(WITNESS, str(memory)) as witness:
        with place.open() as sequencer:
            sequencer.append(failures(range(300)))
            assert cosign(sequencer, witness.url).is_met
        shorter, rewritten = Place(tmp_path / "shorter"), Place(tmp_path / "rewritten")
        with shorter.open() as sequencer:
            sequencer.append(failures(range(100)))
            (alarm,) = cosign(sequencer, witness.url).alarms
            with pytest.raises(RolledBack, match="size 301"):
                raise alarm.error()
        with rewritten.open() as sequencer:
            sequencer.append(failures(range(1000, 1500)))
            gathered = cosign(sequencer, witness.url)
            assert not gathered.is_met
            assert sequencer.log.cosigned() is None
            (alarm,) = gathered.alarms
            assert alarm.is_proven
            with pytest.raises(ForkedLog, match=r"size 501.*size 301"):
                raise alarm.error()
