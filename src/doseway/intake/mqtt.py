"""The door to an MQTT broker: a persistent session, and each QoS 1 message acknowledged after it is durable.

The broker keeps what is not acknowledged, so a message is lost only where the broker loses it. After a broken
connection unacknowledged messages come again; equal bytes are admitted once. A message of QoS 0 has no such promise.

What the broker delivers in one turn of the event loop, or while two lots are on their way into the log, is the next
lot: admitted as one, and acknowledged in one write. What cannot be kept of it is refused by itself.

Each connection is a client of its own: an acknowledgement that is late for its connection must not be sent on the
next one, where the same packet identifier may stand for another message.
"""

import asyncio
import contextlib
import functools
import logging
import ssl
from collections.abc import Callable
from typing import Any, Final

from gmqtt import Client, Message
from gmqtt.mqtt.constants import MQTTv50, MQTTv311
from gmqtt.mqtt.handler import MQTTConnectError

from doseway.intake.door import AdmitLot, Admitted, DoorState, Incoming
from doseway.intake.door_settings import MqttRoute, MqttSettings
from doseway.intake.mqtt_turns import Delivery, Turns
from doseway.intake.topics import TopicTemplate
from doseway.ledger.backoff import wait_s
from doseway.model.clock import Clock
from doseway.model.errors import Place, Pushback, Unavailable, UsageError

_LOG: Final = logging.getLogger("doseway.intake.mqtt")
_CONNECT_S: Final = 15.0
_NEVER_BY_ITSELF: Final = -2
"""gmqtt's number of reconnections: -1 is endless, and 0 still means one."""
_LONGEST_NAME: Final = 1_000
_VERSIONS: Final = {"5": MQTTv50, "3.1.1": MQTTv311}
_WITH_WILL: Final = 0x04
"""MQTT 5 3.14.2.1: the broker says that we are offline also when we leave on purpose."""
_LOTS: Final = 2
"""On their way at once: one is written while the next is prepared; more would only be smaller."""
_MOST_WAITING: Final = 65_536
_TOPICS: Final = 4_096


class MqttDoor:
    """One broker's messages on their way into the log.

    Attributes:
        is_connected: whether the broker has us subscribed now.
        admitted: messages that became durable, repetitions included.
        breaks: how often a connection that had been made broke.
        sessions_lost: how often the broker had forgotten us: what came in between may be missing.
        lost: messages of QoS 0 that a broken connection took with it before they were known to be durable.
    """

    def __init__(self, settings: MqttSettings, admit: AdmitLot, clock: Clock) -> None:
        """Check the settings; nothing is connected yet.

        Raises:
            UsageError: a template, a capture or a file is wrong.
            Unavailable: a file cannot be read.
        """
        self._settings = settings
        self._admit = admit
        self._clock = clock
        self._routes = [(TopicTemplate(route.topic), route) for route in settings.routes]
        for template, route in self._routes:
            _check_sender(route, template)
        self._password = _password(settings)
        self._tls: ssl.SSLContext | bool = _tls(settings) if settings.tls else False
        self._route = functools.lru_cache(_TOPICS)(self._routed)
        self._failure: Exception | None = None
        self.is_connected = False
        self.admitted = 0
        self.breaks = 0
        self.sessions_lost = 0
        self.lost = 0

    def state(self, name: str) -> DoorState:
        """Return whether the broker has us, and what was counted; `name` as messages call the door."""
        return DoorState(
            name=name,
            is_connected=self.is_connected,
            breaks=self.breaks,
            sessions_lost=self.sessions_lost,
            admitted=self.admitted,
            lost=self.lost,
        )

    async def run(self) -> None:
        """Receive until cancelled; a broken connection is made again.

        Raises:
            IntegrityError: the log is not what it was; nothing more is acknowledged.
        """
        logging.getLogger("gmqtt").setLevel(logging.CRITICAL)  # what matters of it is said by this module
        failures, is_first = 0, True
        while True:
            began = self.admitted
            try:
                await self._session(is_first=is_first)
                is_first = False
                self.breaks += 1
                reason = "the connection broke"
            except (OSError, MQTTConnectError, TimeoutError) as error:
                reason = str(error) or type(error).__name__
            if self._failure is not None:
                raise self._failure
            failures = 1 if self.admitted > began else failures + 1
            wait = wait_s(failures)
            _LOG.warning("%s: %s; again in %.1f s", self._settings.name, reason, wait)
            await asyncio.sleep(wait)

    async def _session(self, *, is_first: bool) -> None:
        """Connect, subscribe, and receive until the connection is gone."""
        settings, lost = self._settings, asyncio.Event()
        client = self._client(lost)
        lots = _Lots(self, client, lost)
        client.on_connect = lambda _client, flags, _code, _properties: self._note_session(flags, is_first=is_first)
        try:
            async with asyncio.timeout(_CONNECT_S):
                await client.connect(
                    settings.host,
                    settings.port,
                    ssl=self._tls,
                    keepalive=settings.keepalive_s,
                    version=_VERSIONS[settings.version],
                )
            for template, _ in self._routes:
                client.subscribe(template.subscription, qos=1)
            if settings.will_topic:
                client.publish(settings.will_topic, "online", qos=1, retain=True)
            self.is_connected = True
            _LOG.info("%s: connected to %s:%d", settings.name, settings.host, settings.port)
            await lost.wait()
        finally:
            self.is_connected = False
            with contextlib.suppress(OSError, AttributeError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await client.disconnect(reason_code=_WITH_WILL if settings.version == "5" else 0)
            await lots.close()

    def _client(self, lost: asyncio.Event) -> Client:
        settings = self._settings
        properties: dict[str, Any] = {}
        if settings.version == "5":
            properties = {
                "session_expiry_interval": settings.session_expiry_s,
                "receive_maximum": settings.receive_maximum,
            }
        will = Message(settings.will_topic, "offline", qos=1, retain=True) if settings.will_topic else None
        client = Client(
            settings.client_id,
            clean_session=False,
            optimistic_acknowledgement=False,
            will_message=will,
            logger=logging.getLogger("gmqtt"),
            **properties,
        )
        client.reconnect_retries = _NEVER_BY_ITSELF
        if settings.username:
            client.set_auth_credentials(settings.username, self._password)
        client.on_disconnect = lambda *_: lost.set()
        return client

    async def carry(self, lot: list[Delivery], acknowledge: Callable[[list[Delivery], frozenset[int]], None]) -> None:
        """Admit a lot, however long it takes, and acknowledge it."""
        incoming = self._incoming(lot)
        failures = 0
        while True:
            try:
                outcomes = await asyncio.wrap_future(self._admit(incoming))
            except Unavailable as error:
                # The broker holds back further messages while `receive_maximum` of them are unacknowledged.
                failures += 1
                if not isinstance(error, Pushback):
                    _LOG.warning("%s: %s", self._settings.name, error)
                await asyncio.sleep(wait_s(failures, first_s=0.2, most_s=10.0))
            else:
                break
        refused: set[int] = set()
        for one, outcome in zip(lot, outcomes, strict=True):
            if not isinstance(outcome, Admitted):
                _LOG.error("%s: a message on %s cannot be kept: %s", self._settings.name, one.topic, outcome.what)
                refused.add(one.packet_id)
        acknowledge(lot, frozenset(refused))
        self.admitted += len(lot) - len(refused)

    def fail(self, error: Exception) -> None:
        """End the door with an error once its connection is closed."""
        self._failure = error

    def _incoming(self, lot: list[Delivery]) -> list[Incoming]:
        now_ms = self._clock.now_ms()
        return [
            Incoming(door="mqtt", format=format_id, body=one.payload, name=name, by=by, received_at_ms=now_ms)
            for one in lot
            for format_id, name, by in (self._route(one.topic),)
        ]

    def _routed(self, topic: str) -> tuple[str, str, str]:
        """Return format, name and sender of the messages on a topic."""
        for template, route in self._routes:
            captures = template.match(topic)
            if captures is not None:
                sender = route.sender.format_map(captures) or self._settings.name
                return route.format, topic[:_LONGEST_NAME], f"mqtt:{sender}"[:_LONGEST_NAME]
        # An older subscription of this session, whose route is no longer there: kept, under the first format.
        return self._routes[0][1].format, topic[:_LONGEST_NAME], f"mqtt:{self._settings.name}"[:_LONGEST_NAME]

    def _note_session(self, session_present: int, *, is_first: bool) -> None:
        if not session_present and not is_first:
            self.sessions_lost += 1
            _LOG.error(
                "%s: the broker has forgotten our session; messages since the last connection may be missing",
                self._settings.name,
            )


class _Lots:
    """What one connection delivers, lot after lot, a bounded number of them on their way at once."""

    def __init__(self, door: MqttDoor, client: Client, lost: asyncio.Event) -> None:
        self._door = door
        self._lost = lost
        self._turns = Turns(client, self._take)
        self._waiting: list[Delivery] = []
        self._is_held = False
        self._carrying: dict[asyncio.Task[None], list[Delivery]] = {}

    async def close(self) -> None:
        """Let go of what is on its way: the broker sends it again; what is being written already, is written."""
        carrying = dict(self._carrying)
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)
        cut_off = [one for task, lot in carrying.items() if task.cancelled() for one in lot]
        self._door.lost += sum(not one.qos for one in (*self._waiting, *cut_off))
        self._waiting.clear()

    def _take(self, deliveries: list[Delivery]) -> None:
        self._waiting += deliveries
        self._carry_next()
        if len(self._waiting) > _MOST_WAITING:
            self._is_held = True  # the rest waits in the network, and then at the broker
            self._turns.hold()

    def _carry_next(self) -> None:
        if self._waiting and len(self._carrying) < _LOTS and not self._lost.is_set():
            lot, self._waiting = self._waiting, []
            if self._is_held:
                self._is_held = False
                self._turns.go_on()
            task = asyncio.create_task(self._door.carry(lot, self._turns.acknowledge))
            self._carrying[task] = lot
            task.add_done_callback(self._carried)

    def _carried(self, task: asyncio.Task[None]) -> None:
        self._carrying.pop(task, None)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self._door.fail(error)
            self._lost.set()
        self._carry_next()


def _check_sender(route: MqttRoute, template: TopicTemplate) -> None:
    try:
        route.sender.format_map(dict.fromkeys(template.names, ""))
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        known = ", ".join(template.names) or "none"
        raise UsageError(f"the sender {route.sender!r} uses what {route.topic!r} does not capture ({known})") from error


def _password(settings: MqttSettings) -> str | None:
    if settings.password_file is None:
        return None
    try:
        return settings.password_file.read_text(encoding="utf-8").strip()
    except OSError as error:
        where = Place(str(settings.password_file))
        raise Unavailable(f"the password cannot be read: {error.strerror}", where=where) from error


def _tls(settings: MqttSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.certificate_file is not None:
            context.load_cert_chain(settings.certificate_file, settings.key_file)
    except OSError as error:
        hint = "ca_file, certificate_file and key_file are PEM."
        raise UsageError(f"{settings.name}: the certificates cannot be used: {error}", hint=hint) from error
    return context
