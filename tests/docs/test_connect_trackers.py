"""What the page on connecting trackers shows is what the formats read."""

import json
import re
import tomllib
from pathlib import Path

from doseway.intake.message_registry import by_id, names
from doseway.intake.port import DecodeOptions
from doseway.model.readings import Quantity

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "connect-trackers.md").read_text(encoding="utf-8")
STAMP = "2026-09-21T14:13:00Z"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_every_format_is_on_the_page() -> None:
    assert {name for name in names() if f"| `{name}` |" in PAGE} == set(names())


def test_the_template_of_an_alert_is_read() -> None:
    (template,) = blocks("json")
    values = {"DeviceId": "1", "Trigger.Type": "TemperatureMax", "Details.DateTime": STAMP, "Details.Reason": "Created"}
    filled = re.sub(r"\{([A-Z][A-Za-z.]+)\}", lambda found: values.get(found[1], "7"), template)
    assert json.loads(filled)["DeviceId"] == "1"
    (recording,) = by_id("tive-alert").decode(filled.encode(), DecodeOptions())
    (signal,) = recording.signals
    assert (recording.device.serial, signal.kind, signal.text) == ("1", "temperature-max", "Created value 7")


def test_the_mappings_are_read() -> None:
    generic, codec = (tomllib.loads(block) for block in blocks("toml"))
    sample = {
        "ts": "21.09.2026 16:13:00",
        "channels": [{"value": 39.2}],
        "rh": 40,
        "position": {"lat": 1.5, "lon": 2.5},
    }
    body = json.dumps({"logger": {"serial": "L1"}, "data": {"samples": [sample]}}).encode()
    (recording,) = by_id("json").decode(body, DecodeOptions(mapping=generic))
    assert [(one.sensor, one.quantity, list(one.value_milli)) for one in recording.series] == [
        ("probe", Quantity.TEMPERATURE, [4_000]),
        ("rh", Quantity.HUMIDITY, [40_000]),
    ]
    event = {"deviceInfo": {"devEui": "a1"}, "time": STAMP, "object": {"T_ext": 39.2, "measured_at": 1_789_999_000}}
    (recording,) = by_id("chirpstack").decode(json.dumps(event).encode(), DecodeOptions(mapping=codec))
    assert [(one.sensor, list(one.observed_at_ms)) for one in recording.series] == [("probe", [1_789_999_000_000])]


def test_every_note_of_the_formats_is_explained() -> None:
    sources = Path(__file__).parents[2] / "src" / "doseway" / "intake"
    code = "".join(
        path.read_text() for folder in ("messages", "wire", "cose") for path in (sources / folder).glob("*.py")
    )
    told = set(re.findall(r'tell\(\s*"([a-z-]+)"', code)) | {"device-record"}
    rare = {"elsewhere", "further", "shock-time", "network-log", "device-time", "time-uncertain"}
    assert {note for note in told - rare if f"`{note}`" not in PAGE} == set()
