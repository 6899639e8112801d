"""Write the example files: `python examples/make_examples.py [FOLDER]`. The same bytes on every run and every machine.

The Berlinger-style exports are signed with keys that anybody can derive from `berlinger.py`: they show how a genuine
file is told from an altered one, and prove nothing else. `issuer.pub` is the public key to pin.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # found when run as a script, too

from examples.berlinger import Export, fridge_tag, private_key, public_hex, q_tag
from examples.devices import Alarm
from examples.plain import biovoice, german_csv, senml, workbook
from examples.traces import Phase, Reading, disconnected, trace, without

HERE = Path(__file__).parent
LOT = "DW_2026_01"
REFRIGERATED = (Alarm("0", "low", 20, 60), Alarm("1", "high", 80, 60))
ULTRA_LOW = (Alarm("0", "low", -900, 60), Alarm("1", "high", -600, 60))
Q_TAG = (
    Alarm("1", "high", 80, 30),
    Alarm("2", "high", 80, 60, is_cumulative=True),
    Alarm("4", "low", 20, 60, is_cumulative=True),
    Alarm("5", "low", 20, 30),
)
DAY = 24 * 60


def at(year: int, month: int, day: int, hour: int, minute: int) -> int:
    """Return a device-local time in ms as if it were UTC."""
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp()) * 1000


def tag(serial: str, alarms: tuple[Alarm, ...] = REFRIGERATED, *, is_external: bool = False) -> Export:
    """Describe a Fridge-tag that logs every 5 minutes."""
    model = "Q-tag Fridge-tag Ultra Low" if is_external else "Q-tag Fridge-tag 2 L"
    return Export(model, serial, LOT, 5, alarms, is_external=is_external)


def shipment(seed: str, phases: list[Phase], start_c: float = 5.0) -> list[Reading]:
    """Return a refrigerated shipment's log at 5 minutes."""
    return trace(phases, start_ms=at(2026, 3, 9, 6, 2), interval_min=5, start_c=start_c, seed=seed)


def signed() -> dict[str, bytes]:
    """Return the signed exports by file name."""
    good = shipment("good", [Phase(3 * DAY + 340, 5.1, 55)])
    tarmac = shipment("tarmac", [Phase(1500, 4.8, 60), Phase(260, 31, 400), Phase(1600, 4.6, 60)])
    freezing = shipment("freezing", [Phase(1300, 4.2, 60), Phase(420, -9, 320), Phase(900, 4.4, 90)])
    month = trace(
        [Phase(30 * DAY, 4.9, 45), Phase(150, 24, 240), Phase(7 * DAY - 170, 5.2, 45)],
        start_ms=at(2026, 4, 1, 9, 11), interval_min=5, start_c=5.5, seed="month",
    )  # fmt: skip
    cold = trace(
        [Phase(2 * DAY, -78, 45), Phase(200, -35, 500), Phase(DAY, -78, 60)],
        start_ms=at(2026, 2, 2, 13, 40), interval_min=5, start_c=-76, seed="cold",
    )  # fmt: skip
    broken = disconnected(without(shipment("broken", [Phase(3 * DAY, 4.9, 60)]), 300, 371), 520, 566)
    run = trace(
        [Phase(420, 4, 90), Phase(300, -4, 260), Phase(350, 5, 90), Phase(270, 26, 150)],
        start_ms=at(2026, 5, 18, 4, 49), interval_min=10, start_c=4.4, seed="q-tag",
    )  # fmt: skip
    excursion = fridge_tag(tag("990400100002"), tarmac)
    return {
        "good-shipment.txt": fridge_tag(tag("990400100001"), good),
        "tarmac-excursion.txt": excursion,
        "tarmac-excursion-altered.txt": alter(excursion),
        "freezing.txt": fridge_tag(tag("990400100003"), freezing),
        "clinic-refrigerator-month.txt": fridge_tag(tag("990400100004"), month),
        "gap-and-unplugged-probe.txt": fridge_tag(tag("990400100005"), broken),
        "ultra-low.txt": fridge_tag(tag("990400100006", ULTRA_LOW, is_external=True), cold),
        "q-tag-run.txt": q_tag(Export("Q-tag CLm doc LR", "DWEX00001", LOT, 10, Q_TAG, delay_min=30), run),
    }


def alter(export: bytes) -> bytes:
    """Return an export as somebody would improve it: every value above 8.0 °C becomes 7.x, without its mark."""
    lines = []
    for line in export.split(b"\r\n"):
        cells = line.split(b"\t")
        if line.startswith(b"\t20") and float(cells[2]) > 8:
            line = b"\t".join([b"", cells[1], b"7" + cells[2][-2:]])  # noqa: PLW2901  # reads best so
        lines.append(line)
    return b"\r\n".join(lines)


def unsigned() -> dict[str, bytes]:
    """Return the other formats by file name."""
    start = at(2026, 3, 9, 6, 0)
    pharmacy = trace([Phase(2 * DAY, 4.7, 50)], start_ms=start, interval_min=10, start_c=5, seed="bv")
    humidity = [450 + index % 37 for index in range(len(pharmacy))]
    upper = trace([Phase(2 * DAY, 5.4, 50)], start_ms=start, interval_min=10, start_c=5, seed="upper")
    lower = disconnected(
        trace([Phase(2 * DAY, 4.1, 70)], start_ms=start, interval_min=10, start_c=4, seed="lower"), 90, 94
    )
    pallet = trace([Phase(DAY, 5, 80), Phase(90, 22, 500)], start_ms=start, interval_min=10, start_c=5, seed="pallet")
    box = trace([Phase(DAY, 5.2, 60)], start_ms=start, interval_min=15, start_c=5, seed="box")
    return {
        "pharmacy.bv": biovoice(pharmacy, humidity, interval_min=10),
        "kuehlschrank.csv": german_csv(upper, lower),
        "pallet.xlsx": workbook(pallet),
        "box.senml": senml(box, humidity[: len(box)]),
    }


def main(folder: Path) -> None:
    """Write everything into a folder."""
    files = folder / "files"
    files.mkdir(parents=True, exist_ok=True)
    for name, content in {**signed(), **unsigned()}.items():
        (files / name).write_bytes(content)
    (folder / "issuer.pub").write_text(public_hex(private_key("issuer")) + "\n", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
