"""The door to an MQTT broker: a persistent session, and each QoS 1 message acknowledged after it is durable.

The broker keeps what is not acknowledged, so a message is lost only where the broker loses it. After a broken
connection unacknowledged messages come again; equal bytes are admitted once. A message of QoS 0 has no such promise.

Each connection is a client of its own: an acknowledgement that is late for its connection must not be sent on the
next one, where the same packet identifier may stand for another message.
"""

import asyncio
import contextlib
import logging
import ssl
from typing import Any, Final

from gmqtt import Client, Message
from gmqtt.mqtt.constants import MQTTv50, MQTTv311
from gmqtt.mqtt.handler import MQTTConnectError

from doseway.intake.door import Admit, Incoming
from doseway.intake.door_settings import MqttRoute, MqttSettings
from doseway.intake.landing import Landing
from doseway.intake.topics import TopicTemplate
from doseway.ledger.backoff import wait_s
from doseway.model.clock import Clock
from doseway.model.errors import DataError, Place, Pushback, Unavailable, UsageError

_LOG: Final = logging.getLogger("doseway.intake.mqtt")
_CONNECT_S: Final = 15.0
_NEVER_BY_ITSELF: Final = -2
"""gmqtt's number of reconnections: -1 is endless, and 0 still means one."""
_LONGEST_NAME: Final = 1_000
_VERSIONS: Final = {"5": MQTTv50, "3.1.1": MQTTv311}
_WITH_WILL: Final = 0x04
"""MQTT 5 3.14.2.1: the broker says that we are offline also when we leave on purpose."""
_ACCEPTED: Final = 0
_REFUSED: Final = 0x83
"""MQTT 5 3.4.2.1: implementation specific error. The broker does not send the message again."""


class MqttDoor:
    """One broker's messages on their way into the log.

    Attributes:
        is_connected: whether the broker has us subscribed now.
        admitted: messages that became durable, repetitions included.
        sessions_lost: how often the broker had forgotten us: what came in between may be missing.
    """

    def __init__(self, settings: MqttSettings, admit: Admit, clock: Clock) -> None:
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
        self._landing = Landing()
        self._failure: Exception | None = None
        self.is_connected = False
        self.admitted = 0
        self.sessions_lost = 0

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
        taking: set[asyncio.Task[Any]] = set()
        client = self._client(lost, taking)
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
            for task in list(taking):
                task.cancel()  # the broker sends these again; what is being written already, is written
            await asyncio.gather(*taking, return_exceptions=True)

    def _client(self, lost: asyncio.Event, taking: set[asyncio.Task[Any]]) -> Client:
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

        async def on_message(_: Client, topic: str, payload: bytes, _qos: int, _properties: dict[str, Any]) -> int:
            task = asyncio.current_task()
            assert task is not None
            taking.add(task)
            try:
                return await self._take(topic, payload)
            except asyncio.CancelledError:
                return _REFUSED  # nobody hears it: the connection is closed before its tasks are cancelled
            except Exception as error:
                self._failure = error
                lost.set()
                raise
            finally:
                taking.discard(task)

        client.on_message = on_message
        return client

    async def _take(self, topic: str, payload: bytes) -> int:
        """Admit a message, however long it takes, and return what to acknowledge it with."""
        route, sender = self._routed(topic)
        incoming = Incoming(
            door="mqtt",
            format=route.format,
            body=bytes(payload),
            name=topic[:_LONGEST_NAME],
            by=f"mqtt:{sender[:_LONGEST_NAME]}",
            received_at_ms=self._clock.now_ms(),
        )
        failures = 0
        while True:
            try:
                await self._landing.wait(self._admit(incoming))
            except Unavailable as error:
                # The broker holds back further messages while `receive_maximum` of them are unacknowledged.
                failures += 1
                if not isinstance(error, Pushback):
                    _LOG.warning("%s: %s", self._settings.name, error)
                await asyncio.sleep(wait_s(failures, first_s=0.2, most_s=10.0))
            except (DataError, UsageError) as error:
                _LOG.exception("%s: a message on %s cannot be kept: %s", self._settings.name, topic, error.what)
                return _REFUSED
            else:
                self.admitted += 1
                return _ACCEPTED

    def _routed(self, topic: str) -> tuple[MqttRoute, str]:
        for template, route in self._routes:
            captures = template.match(topic)
            if captures is not None:
                return route, route.sender.format_map(captures) or self._settings.name
        # An older subscription of this session, whose route is no longer there: kept, under the first format.
        return self._routes[0][1], self._settings.name

    def _note_session(self, session_present: int, *, is_first: bool) -> None:
        if not session_present and not is_first:
            self.sessions_lost += 1
            _LOG.error(
                "%s: the broker has forgotten our session; messages since the last connection may be missing",
                self._settings.name,
            )


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
