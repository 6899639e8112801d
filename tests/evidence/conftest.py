"""A small log with two witnesses, and a case of three packets: a Berlinger export, a table, an unreadable file."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from doseway.app.outcomes import decoded_fact
from doseway.coldchain.judge import judge
from doseway.coldchain.judgement import Judgement
from doseway.coldchain.profile import Profile, builtin, to_plain
from doseway.evidence import pack
from doseway.evidence.case import (
    Case,
    JudgedAs,
    LogExtract,
    LoggedFact,
    Original,
    Packet,
    ProvenFact,
    SeenCheckpoint,
)
from doseway.evidence.inspection import Inspection, propose
from doseway.intake.port import DecodeOptions
from doseway.intake.registry import by_id
from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint
from doseway.ledger.cosignature import Cosigner
from doseway.ledger.keys import SigningKey
from doseway.ledger.note import NoteSigner, SignedNote, format_note
from doseway.model.canonical import encode
from doseway.model.facts import (
    BlobErased,
    Body,
    EvidencePacked,
    JudgementMade,
    LogCreated,
    PacketReceived,
    PacketRejected,
    encode_fact,
)
from doseway.model.ids import commitment
from doseway.model.readings import Recording

ORIGIN = "log.example/qa"
NOW_S = 1_764_000_000
SALT = bytes(range(32))


def seed(name: str) -> SigningKey:
    return SigningKey.from_seed(hashlib.sha256(name.encode()).digest())


@dataclass
class SmallLog:
    """A log in memory: entries in order, signed and cosigned by keys from fixed seeds."""

    name: str = "log"
    entries: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.signer = NoteSigner(ORIGIN, seed(self.name))
        self.witnesses = [Cosigner(f"witness.example/{n}", seed(f"witness {n}")) for n in range(3)]
        self.append(LogCreated(origin=ORIGIN, vkey=str(self.signer.vkey)))

    @property
    def policy(self) -> str:
        lines = [f"log {self.signer.vkey}"]
        lines += [f"witness w{n} {witness.vkey}" for n, witness in enumerate(self.witnesses)]
        return "\n".join([*lines, "group all-of-us 2 w0 w1 w2", "quorum all-of-us", ""])

    def append(self, body: Body) -> LoggedFact:
        self.entries.append(encode_fact(body, at_ms=1000 * NOW_S + len(self.entries), by="test"))
        return LoggedFact(index=len(self.entries) - 1, entry=self.entries[-1])

    def read(self, level: int, index: int) -> bytes:
        leaves = [merkle.leaf_hash(entry) for entry in self.entries]
        return merkle.root(leaves[index << level : (index + 1) << level])

    def checkpoint(self, cosigners: int = 2) -> bytes:
        root = merkle.root([merkle.leaf_hash(entry) for entry in self.entries])
        text = Checkpoint(ORIGIN, len(self.entries), root).text()
        cosigned = [witness.cosign(text, NOW_S + n) for n, witness in enumerate(self.witnesses[:cosigners])]
        return format_note(SignedNote(text, (self.signer.sign(text), *cosigned)))

    def extract(self, indexes: list[int] | None = None, cosigners: int = 2) -> LogExtract:
        size = len(self.entries)
        chosen = range(size) if indexes is None else indexes
        facts = tuple(
            ProvenFact(
                fact=LoggedFact(index=index, entry=self.entries[index]),
                path=tuple(merkle.inclusion_proof(index, size, self.read)),
            )
            for index in chosen
        )
        return LogExtract(checkpoint=self.checkpoint(cosigners), facts=facts)


def q_tag(rows: list[tuple[str, str]]) -> bytes:
    """Return an unsigned export of a Q-tag with these rows."""
    head = [
        *("Device: Q-tag CLm doc LR", "Vers: 1.9", "Fw Vers: 4.7.04o", "Device ID: 80", "Sensor: 1", "Conf:"),
        *(" Serial: TEST00001", " Lot: 26102012", " Zone: 0.00", " Start Delay: 0", " MKT Energy: 83.0"),
        *(" Logging Interval: 10", " Alarm:", "  1:", "   Type: 2, T AL: 8.0, t AL: 30", "Res:"),
        *(" TS Actv: 2024-03-01 08:00", " Run Number: 1", "Data:", "\tyyyy-MM-dd hh:mm\tT\tOut of limits"),
    ]
    data = [f"\t{at}\t{value}\t{'x' if value == '--.-' or float(value) > 8 else ''}" for at, value in rows]
    return "".join(f"{line}\r\n" for line in [*head, *data]).encode()


def trace() -> list[tuple[str, str]]:
    """A day at 5 °C with an hour at 12 °C, a lost probe and, after a pause of two hours, more."""
    times = [(hour, minute) for hour in range(8, 16) for minute in range(0, 60, 10)] + [(18, 0), (18, 10)]
    values = {11: "12.4", 13: "-0.3"}
    lost = {(14, 0), (14, 10)}
    return [
        (f"2024-03-01 {hour:02d}:{minute:02d}", "--.-" if (hour, minute) in lost else values.get(hour, "5.0"))
        for hour, minute in times
    ]


def table() -> bytes:
    rows = [f"2024-03-01T{hour:02d}:00:00Z,{4 + hour % 3}.5\n" for hour in range(24)]
    return ("time,temperature [°C]\n" + "".join(rows)).encode()


@dataclass
class Desk:
    """Builds cases on a small log, packs them and takes packs apart."""

    log: SmallLog = field(default_factory=SmallLog)
    profile: Profile = field(default_factory=lambda: builtin("usp-cct"))
    packets: list[Packet] = field(default_factory=list)

    def receive(self, name: str, raw: bytes) -> LoggedFact:
        committed = commitment(SALT, hashlib.sha256(raw).digest()).hex()
        return self.log.append(PacketReceived(door="test", name=name, size_bytes=len(raw), commitment=committed))

    def add(self, name: str, raw: bytes, form: str, *, is_kept: bool = True) -> Packet:
        received = self.receive(name, raw)
        recording = by_id(form).decode(io.BytesIO(raw), DecodeOptions(name=name, zone="+01:00"))
        decoded = self.log.append(decoded_fact(received.index, recording, {}))
        packet = Packet(
            received=received,
            decoded=decoded,
            recording=recording,
            original=Original(open=lambda: io.BytesIO(raw), size_bytes=len(raw), salt=SALT) if is_kept else None,
            judged=(self.judge(received.index, name, raw, recording),),
            others=()
            if is_kept
            else (self.log.append(BlobErased(packet=received.index, commitment="", reason="asked for")),),
        )
        self.packets.append(packet)
        return packet

    def judge(self, packet: int, name: str, raw: bytes, recording: Recording) -> JudgedAs:
        interval = recording.interval_s * 1000 if recording.interval_s else None
        judgement = judge(recording.series, self.profile, interval_ms=interval, offset_minutes=recording.offset_minutes)
        inspection = Inspection(
            file=name,
            size_bytes=len(raw),
            sha256=hashlib.sha256(raw).hexdigest(),
            recording=recording,
            judgement=judgement,
            limits=to_plain(self.profile),
        )
        return JudgedAs(fact=self.log.append(self.made(packet, judgement, inspection)), inspection=inspection)

    def made(self, packet: int, judgement: Judgement, inspection: Inspection) -> JudgementMade:
        verdict = propose(judgement, inspection.recording.signature.status).verdict
        return JudgementMade(
            packet=packet,
            profile_id=judgement.profile_id,
            verdict=verdict.value,
            limits=inspection.limits,
            judgement_sha256=hashlib.sha256(encode(judgement)).hexdigest(),
            commitment="",
        )

    def reject(self, name: str, raw: bytes) -> None:
        received = self.receive(name, raw)
        body = PacketRejected(packet=received.index, code="format", what="no format", where="byte 0", hint="Ask.")
        original = Original(open=lambda: io.BytesIO(raw), size_bytes=len(raw), salt=SALT)
        self.packets.append(Packet(received=received, original=original, others=(self.log.append(body),)))

    def case(self, title: str = "Shipment 4711") -> Case:
        seen = SeenCheckpoint(
            origin=ORIGIN,
            size=len(self.log.entries),
            root_hex=merkle.root([merkle.leaf_hash(entry) for entry in self.log.entries]).hex(),
            witnesses=(("w0", NOW_S), ("w1", NOW_S + 1)),
            quorum="2 of 3",
        )
        return Case(
            title=title,
            packets=tuple(self.packets),
            policy=self.log.policy,
            software="Doseway test",
            made_at_ms=1000 * NOW_S,
            checkpoint=seen,
            keys={"log.vkey": str(self.log.signer.vkey).encode()},
        )

    def pack(self, *, is_sealed: bool = True, cosigners: int = 2) -> bytes:
        prepared = pack.prepare(self.case())
        if is_sealed:
            numbers = tuple(packet.received.index for packet in self.packets)
            size = len(self.log.entries)
            self.log.append(EvidencePacked(packets=numbers, checkpoint_size=size, pack_sha256=prepared.digest))
        out = io.BytesIO()
        pack.write(prepared, self.log.extract(cosigners=cosigners), out)
        return out.getvalue()


def unzip(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rezip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


@pytest.fixture
def desk() -> Desk:
    """An empty desk with its own log."""
    return Desk()


@pytest.fixture
def new_desk() -> Callable[[str], Desk]:
    """Make a desk whose log has a key of its own."""
    return lambda name: Desk(log=SmallLog(name))


@pytest.fixture
def excursion_desk() -> Desk:
    """A desk with one export that has an excursion and a gap."""
    own = Desk()
    own.add("tarmac.txt", q_tag(trace()), "berlinger")
    return own


@pytest.fixture
def altered_desk(data: Path) -> Desk:
    """A desk with the real export that somebody edited."""
    own = Desk()
    own.add("test.txt", (data / "berlinger" / "test.txt").read_bytes(), "berlinger")
    return own


@pytest.fixture(scope="session")
def sound_pack() -> bytes:
    """A sealed, witnessed pack of one Q-tag export without gaps."""
    own = Desk()
    steady = [(f"2024-03-01 {hour:02d}:{minute:02d}", "5.0") for hour in range(8, 12) for minute in range(0, 60, 10)]
    own.add("good.txt", q_tag(steady), "berlinger")
    return own.pack()


@pytest.fixture(scope="session")
def full_pack() -> bytes:
    """A sealed, witnessed pack with an excursion, a gap, a table, an erased original and an unreadable file."""
    own = Desk()
    own.add("tarmac.txt", q_tag(trace()), "berlinger")
    own.add("fridge.csv", table(), "table")
    own.add("erased.txt", q_tag(trace()[:20]), "berlinger", is_kept=False)
    own.reject("holiday.jpg", b"\xff\xd8\xff\xe0")
    return own.pack()


@pytest.fixture(scope="session")
def zips() -> tuple[Callable[[bytes], dict[str, bytes]], Callable[[dict[str, bytes]], bytes]]:
    """How to take a zip apart and to put one together."""
    return unzip, rezip
