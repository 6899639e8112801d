"""Rows of the tower's views, from what is known of a subject."""

from collections.abc import Iterator

from doseway.app.board import BEFORE, DeviceRow, ShipmentRow
from doseway.app.tower.evaluate import FINAL
from doseway.app.tower.history import UNKNOWN, History, parts_of
from doseway.app.tower.sensors import likely_air, product_sensors
from doseway.app.tower.state import Carried, Holder
from doseway.app.tower.tables import RANKS
from doseway.coldchain.judgement import Verdict
from doseway.model.documents import DeviceCard
from doseway.model.readings import Quantity
from doseway.model.units import INVALID


def shipment_row(holder: Holder) -> ShipmentRow:
    """Return the row of a shipment that has a document."""
    assert holder.context is not None
    shipment, legs = holder.context.shipment, holder.context.legs
    open_alerts = [one for one in holder.published.values() if one.state == "open"]
    heard = [one for each in holder.devices.values() if (one := each.history.newest_ms) is not None]
    located_at_ms, latitude, longitude = newest_fix(holder.devices.values().__iter__())
    temperature, temperature_at_ms = _newest(holder)
    progress = holder.progress
    return ShipmentRow(
        id=shipment.id,
        title=shipment.title,
        product=shipment.product,
        phase="closed" if holder.disposition in FINAL else progress.phase,
        from_site=legs[0].from_site if legs else "",
        to_site=legs[-1].to_site if legs else "",
        mode=legs[progress.leg].mode if progress.leg is not None else "",
        leg=progress.leg,
        promised_at_ms=shipment.promised_at_ms,
        eta_at_ms=progress.eta_at_ms,
        latitude_udeg=latitude,
        longitude_udeg=longitude,
        located_at_ms=located_at_ms,
        heard_at_ms=max(heard, default=None),
        temperature_milli=temperature,
        temperature_at_ms=temperature_at_ms,
        verdict=(holder.judged.verdict if holder.judged is not None else Verdict.UNDECIDED).value,
        disposition=holder.disposition,
        open_alerts=len(open_alerts),
        worst=max((one.finding.severity for one in open_alerts), key=RANKS.__getitem__, default=None),
        index=holder.rests_on,
        lint=holder.lint if progress.phase in BEFORE else 0,
    )


def device_row(device: str, histories: list[History], card: DeviceCard | None, shipment: str) -> DeviceRow:
    """Return the row of a device; whether it is silent is told when it is read, because it needs the time."""
    heard = [one for history in histories if (one := history.newest_ms) is not None]
    battery = max((found for history in histories for found in _battery(history)), default=None)
    return DeviceRow(
        device=device,
        model=card.model if card is not None else "",
        is_known=card is not None,
        shipment=shipment,
        heard_at_ms=max(heard, default=None),
        battery_milli=battery[1] if battery is not None else None,
        is_silent=False,
    )


def newest_fix(devices: Iterator[Carried]) -> tuple[int | None, int | None, int | None]:
    """Return time and position of the newest fix that no software set; Nones without one."""
    best: tuple[int, int, int] | None = None
    for carried in devices:
        fixes = carried.history.positions
        good = fixes[fixes["is_mock"] == 0] if len(fixes) else fixes
        if len(good):
            last = good[-1]
            found = int(last["at"]), int(last["latitude"]), int(last["longitude"])
            best = found if best is None else max(best, found)
    return best if best is not None else (None, None, None)


def accuracy_of(accuracy: int) -> int | None:
    """Return an accuracy in mm as pages have it."""
    return None if accuracy == UNKNOWN else accuracy


def _newest(holder: Holder) -> tuple[int | None, int | None]:
    """Return the newest valid temperature of the product, as far as sensors' names tell; else of any sensor."""
    found: list[tuple[bool, int, int]] = []
    for device, carried in holder.devices.items():
        product = product_sensors(holder, device, carried)
        wanted = product - likely_air(product)
        for key, column in carried.history.columns.items():
            quantity, sensor = parts_of(key)
            if quantity is not Quantity.TEMPERATURE:
                continue
            for place in range(len(column) - 1, -1, -1):
                if column.values[place] != INVALID:
                    found.append((sensor in wanted, int(column.times[place]), int(column.values[place])))
                    break
    if not found:
        return None, None
    _, at_ms, value = max(found)
    return value, at_ms


def _battery(history: History) -> Iterator[tuple[int, int]]:
    for key, column in history.columns.items():
        if parts_of(key)[0] is Quantity.BATTERY and len(column) and column.values[-1] != INVALID:
            yield int(column.times[-1]), int(column.values[-1])
