"""The reference sender: what a device that signs its packets has to do, in a few lines.

>>> key = SigningKey(bytes(32))
>>> sender = Sender(key, "dw-0001", boot_id=bytes(8), boot_n=1)
>>> first = sender.send(utc_ms=1_790_000_000_000, mono_ms=0, readings=[("probe", Quantity.TEMPERATURE, 0, 4200)])
>>> second = sender.send(utc_ms=1_790_000_600_000, mono_ms=600_000, readings=[])
>>> sender.seq
2
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from nacl.signing import SigningKey

from doseway.intake.cose.record import FIRST_PREV, Record, SignedReading, encode_record
from doseway.intake.cose.sign1 import sign
from doseway.model.readings import Quantity


class Sender:
    """Signs the records of one device, one after the other.

    A device keeps `seq` and `prev` in memory that survives a restart, and takes a new `boot_id` at each.

    Attributes:
        seq: the number that the next record gets. prev: the hash that it names.
    """

    def __init__(
        self, key: SigningKey, device: str, *, boot_id: bytes, boot_n: int, seq: int = 0, prev: bytes = FIRST_PREV
    ) -> None:
        self._key = key
        self._device = device
        self._boot_id = boot_id
        self._boot_n = boot_n
        self.seq = seq
        self.prev = prev

    def send(
        self, *, utc_ms: int, mono_ms: int, readings: Iterable[tuple[str, Quantity, int, int | None]], **more: Any
    ) -> bytes:
        """Return the next packet.

        Args:
            utc_ms: the wall clock. mono_ms: since the boot.
            readings: sensor, quantity, offset from `utc_ms` in ms, value in thousandths.
            more: other members of `Record`, such as `gnss`, `light` or `tamper_sw`.
        """
        record = Record(
            dev=self._device,
            boot_id=self._boot_id,
            boot_n=self._boot_n,
            seq=self.seq,
            mono_ms=mono_ms,
            utc=utc_ms,
            prev=self.prev,
            readings=tuple(SignedReading(*one) for one in readings),
            **more,
        )
        packet = sign(self._key, encode_record(record))
        self.seq += 1
        self.prev = hashlib.sha256(packet).digest()
        return packet
