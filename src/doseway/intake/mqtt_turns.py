"""The messages that an MQTT client receives in one turn of the event loop, and their acknowledgement in one write.

gmqtt runs a task for each message, and sends each acknowledgement by itself. PUBLISH packets are taken from it before
that; connecting, signing in, keeping alive and subscribing stay its own.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from gmqtt import Client
from gmqtt.mqtt.constants import MQTTCommands, MQTTv50

ACCEPTED: Final = 0
REFUSED: Final = 0x83
"""MQTT 5 3.4.2.1: implementation specific error. The broker does not send the message again."""

_RESERVED: Final = 0x7F


class Delivery(NamedTuple):
    """One PUBLISH packet; `qos` 0 has no packet id, and nothing to acknowledge."""

    topic: str
    payload: bytes
    qos: int
    packet_id: int


class Turns:
    """Takes a client's messages, turn by turn. One for each connection, made before it connects.

    Args:
        client: not connected yet.
        take: called once in a turn, with what came in it.
    """

    def __init__(self, client: Client, take: Callable[[list[Delivery]], None]) -> None:
        self._client = client
        self._take = take
        self._gathered: list[tuple[int, bytes]] = []
        # gmqtt finds the handler of each kind of packet here; it has no public way to take a packet as it comes.
        client._package_handler._handler_cache[MQTTCommands.PUBLISH] = self._receive  # noqa: SLF001 - see above

    def acknowledge(self, deliveries: Iterable[Delivery], refused: frozenset[int] = frozenset()) -> None:
        """Acknowledge deliveries, those with a packet id in `refused` as such; QoS 0 is left out."""
        is_v5 = self._is_v5()
        packets = [
            _refusal(one) if is_v5 and one.packet_id in refused else _acknowledgement(one)
            for one in deliveries
            if one.qos
        ]
        connection = self._client._connection  # noqa: SLF001 - see `__init__`
        if packets and not connection.is_closing():
            connection.send_package(b"".join(packets))

    def hold(self) -> None:
        """Read nothing more from the broker; said anew in each turn, for gmqtt's reader may have begun again."""
        self._transport().pause_reading()

    def go_on(self) -> None:
        """Read on after `hold`; nothing happens where nothing is held, or the connection is gone."""
        transport = self._transport()
        if not transport.is_closing():
            transport.resume_reading()

    def _transport(self) -> asyncio.ReadTransport:
        transport: asyncio.ReadTransport = self._client._connection._transport  # noqa: SLF001 - see `__init__`
        return transport

    def _receive(self, command: int, packet: bytes) -> None:
        if not self._gathered:
            asyncio.get_running_loop().call_soon(self._hand_on)
        self._gathered.append((command, packet))

    def _hand_on(self) -> None:
        gathered, self._gathered = self._gathered, []
        is_v5 = self._is_v5()
        self._take([read_publish(command, packet, is_v5=is_v5) for command, packet in gathered])

    def _is_v5(self) -> bool:
        return bool(self._client._connection_state.protocol_version >= MQTTv50)  # noqa: SLF001 - the broker's choice


def read_publish(command: int, packet: bytes, *, is_v5: bool) -> Delivery:
    """Read a PUBLISH packet (MQTT 5 3.3): its first byte, and what follows the remaining length.

    Raises:
        IndexError: it is cut off.
    """
    qos = command >> 1 & 3
    at = 2 + (packet[0] << 8 | packet[1])
    topic = packet[2:at].decode("utf-8", "replace")
    packet_id = 0
    if qos:
        packet_id = packet[at] << 8 | packet[at + 1]
        at += 2
    if is_v5:
        at = _after_properties(packet, at)
    return Delivery(topic, packet[at:], qos, packet_id)


def _after_properties(packet: bytes, at: int) -> int:
    """Skip the properties: none of them matters here. Their length is a variable byte integer (MQTT 5 1.5.5)."""
    length, shift = 0, 0
    while True:
        byte = packet[at]
        length |= (byte & _RESERVED) << shift
        shift, at = shift + 7, at + 1
        if byte <= _RESERVED:
            return at + length


def _acknowledgement(delivery: Delivery) -> bytes:
    """Return PUBACK, or PUBREC for QoS 2, without a reason: success (MQTT 5 3.4.2.1)."""
    kind = MQTTCommands.PUBACK if delivery.qos == 1 else MQTTCommands.PUBREC
    return bytes((kind, 2, delivery.packet_id >> 8, delivery.packet_id & 0xFF))


def _refusal(delivery: Delivery) -> bytes:
    kind = MQTTCommands.PUBACK if delivery.qos == 1 else MQTTCommands.PUBREC
    return bytes((kind, 3, delivery.packet_id >> 8, delivery.packet_id & 0xFF, REFUSED))
