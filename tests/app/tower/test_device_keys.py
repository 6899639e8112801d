"""A device that signs is believed under the key on its card, then and whenever its packet is decoded again."""

import hashlib
from pathlib import Path

from nacl.signing import SigningKey
from tests.app.tower.tower_kit import START_MS, HandClock

from doseway.app.settings import Settings
from doseway.app.tower.opening import Tower, open_tower
from doseway.intake.cose.sender import Sender
from doseway.intake.door import Incoming
from doseway.model.documents import DeviceCard
from doseway.model.facts import PacketDecoded
from doseway.model.readings import Quantity

KEY = SigningKey(hashlib.sha256(b"one").digest())
OTHER = SigningKey(hashlib.sha256(b"another").digest())


def packet(key: SigningKey) -> bytes:
    sender = Sender(key, "dw-1", boot_id=b"\x01" * 8, boot_n=1)
    readings = [("probe", Quantity.TEMPERATURE, 0, 5_000)]
    return sender.send(utc_ms=START_MS, mono_ms=0, readings=readings)


def decoded(tower: Tower, body: bytes) -> PacketDecoded:
    incoming = Incoming(door="http", format="packet", body=body, by="key:test", received_at_ms=START_MS)
    index = tower.admit(incoming).result(10).packet
    tower.settle()
    found = next(iter(tower.sequencer.log.facts(kind=PacketDecoded.TYPE, tag=f"packet:{index}")))
    body_of_fact = found.fact.content()
    assert isinstance(body_of_fact, PacketDecoded)
    return body_of_fact


def test_a_signature_is_checked_under_the_key_on_the_card(tmp_path: Path) -> None:
    with open_tower(Settings(store=tmp_path / "store"), clock=HandClock()) as tower:
        assert decoded(tower, packet(OTHER)).signature == "unknown-issuer"
        public = bytes(KEY.verify_key).hex()
        tower.desk.put(DeviceCard(id="dw-1", public_key_hex=public), replaces=0, by="user:q")
        tower.settle()
        genuine = decoded(tower, packet(KEY))
        assert (genuine.signature, genuine.options) == ("genuine", {"issuers": {public: "device:dw-1"}})


def test_the_key_of_one_device_does_not_speak_for_another(tmp_path: Path) -> None:
    with open_tower(Settings(store=tmp_path / "store"), clock=HandClock()) as tower:
        card = DeviceCard(id="dw-2", public_key_hex=bytes(KEY.verify_key).hex())
        tower.desk.put(card, replaces=0, by="user:q")
        tower.settle()
        assert decoded(tower, packet(KEY)).signature == "unknown-issuer"
