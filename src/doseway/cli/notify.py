"""`doseway notify`: who would be told of an alert, and a test message."""

from datetime import datetime
from pathlib import Path

import msgspec
import rich_click as click

from doseway.app.logbook import SystemClock
from doseway.app.notifying import example_story, policy_of, send_test
from doseway.app.settings import Settings, load_settings
from doseway.cli.talk import say
from doseway.model.clock import from_unix_ms, to_unix_ms
from doseway.model.errors import UsageError
from doseway.model.findings import Severity
from doseway.notify.quiet import zone_of
from doseway.notify.timeline import Notice, timeline

_MINUTE_MS = 60_000

EXAMPLE = """Examples:

  doseway notify policy --severity high --rule excursion --at 2026-03-28T23:30+01:00

  doseway notify test qa-duty --channel email
"""

policy_option = click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The policy; else the one that the settings name.",
)


@click.group(epilog=EXAMPLE)
def notify() -> None:
    """Notifications: who is told of which alert, when, and by which channel."""


@notify.command(epilog=EXAMPLE)
@policy_option
@click.option("--severity", type=click.Choice([str(one) for one in Severity]), default="high", show_default=True)
@click.option("--rule", default="excursion", show_default=True, metavar="ID", help="The rule that alerts.")
@click.option("--shipment", default="example", show_default=True, metavar="ID", help="The shipment.")
@click.option("--party", "parties", multiple=True, metavar="ROLE:ID", help="A party of the shipment; may be repeated.")
@click.option("--at", "at_text", default="", metavar="TIME", help="When it opens: ISO 8601 with an offset; else now.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def policy(
    *,
    policy_file: Path | None,
    severity: str,
    rule: str,
    shipment: str,
    parties: tuple[str, ...],
    at_text: str,
    as_json: bool,
) -> int:
    """Check the policy, and list who would be told of such an alert if nobody acknowledged it."""
    settings = _settings(policy_file)
    read = policy_of(settings)
    story = example_story(Severity(severity), rule, shipment, frozenset(parties), _instant(at_text))
    notices = timeline(read, story)
    if not notices:
        say("Nobody would be told: no route of the policy takes such an alert.")
        return 1
    for one in notices:
        if as_json:
            click.echo(msgspec.json.encode(one).decode())
            continue
        local = from_unix_ms(one.due_at_ms).astimezone(zone_of(read.recipient_of(one.recipient).zone))
        click.echo(
            f"{_after(one, story.opened_at_ms):>9}  {local:%Y-%m-%d %H:%M %z}  {one.kind:<9}"
            f"  {one.recipient} by {one.address.channel}"
        )
    return 0


@notify.command(epilog=EXAMPLE)
@click.argument("recipient")
@policy_option
@click.option("--channel", default="", metavar="ID", help="One channel; else all that the recipient has.")
def test(*, recipient: str, policy_file: Path | None, channel: str) -> int:
    """Send somebody a test message now, quiet hours or not."""
    for address in send_test(_settings(policy_file), recipient, channel, SystemClock().now_ms()):
        say(f"{recipient}: a test message was taken by the channel {address.channel}.")
    return 0


def _settings(policy_file: Path | None) -> Settings:
    settings = load_settings()
    if policy_file is None:
        return settings
    notify_settings = msgspec.structs.replace(settings.notify, policy=policy_file)
    return msgspec.structs.replace(settings, notify=notify_settings)


def _instant(text: str) -> int:
    if not text:
        return SystemClock().now_ms()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no ISO 8601 time") from error
    if moment.tzinfo is None:
        raise UsageError(f"{text!r} has no offset from UTC", hint="Write it as 2026-03-28T23:30+01:00.")
    return to_unix_ms(moment)


def _after(notice: Notice, opened_at_ms: int) -> str:
    minutes = (notice.due_at_ms - opened_at_ms) // _MINUTE_MS
    return "at once" if not minutes else f"+{minutes // 60}:{minutes % 60:02} h"
