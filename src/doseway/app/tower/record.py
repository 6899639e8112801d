"""The record of a shipment: what its devices observed while they were with it, as one recording."""

from array import array
from collections.abc import Iterator

from doseway.app.tower.history import indexes_of, parts_of
from doseway.app.tower.sensors import air_sensors
from doseway.app.tower.state import Holder
from doseway.model.readings import Device, Quantity, Recording, Series, SignatureCheck, SignatureStatus


def record_of(holder: Holder) -> Recording:
    """Return everything that the product's limits judge, and what else was measured; sensors are `device/sensor`.

    The temperature of the air around the package is left out: the record is judged by the product's limits.
    """
    return Recording(
        format="readings",
        format_version=1,
        device=Device(),
        series=tuple(_series(holder)),
        signature=SignatureCheck(status=SignatureStatus.UNSIGNED),
    )


def packets_of(holder: Holder) -> tuple[int, ...]:
    """Return the indexes of the packets that the observations of a shipment came in, sorted."""
    packed = indexes_of(*(one.packets for one in holder.devices.values()))
    return tuple(memoryview(packed).cast("q").tolist())


def _series(holder: Holder) -> Iterator[Series]:
    for device, carried in holder.devices.items():
        air = air_sensors(carried.history, holder.context, device)
        for key, column in sorted(carried.history.columns.items()):
            quantity, sensor = parts_of(key)
            if sensor in air and quantity is Quantity.TEMPERATURE:
                continue
            series = Series(f"{device}/{sensor}", quantity)
            series.observed_at_ms, series.value_milli = array("q", column.at), array("i", column.value)
            yield series
