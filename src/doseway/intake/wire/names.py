"""What codecs and trackers call their values, where nobody declared it: names, the unit that goes with them, alarms.

A name may carry a number (`temp1`, `temperature_0`) and a case of its own (`TempC_SHT`). What is not in the list is not
guessed: it is named in a note, and a mapping declares it.
"""

import re
from functools import lru_cache
from typing import Final

from doseway.model.readings import Quantity

_NUMBER: Final = re.compile(r"_?\d{1,3}$")
_CAPITAL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_QUANTITIES: Final = {
    Quantity.TEMPERATURE: (
        "temperature temp airtemperature ambienttemperature internaltemperature externaltemperature "
        "probetemperature devicetemp tempcsht tempcds tempc temperaturec temperaturesht temperatureds"
    ),
    Quantity.HUMIDITY: "humidity hum relativehumidity airhumidity humsht humidityrh rh",
    Quantity.PRESSURE: "pressurehpa barometricpressure",
    Quantity.LIGHT: "illumination illuminance light lux lightintensity lightlux illlx illlux",
    Quantity.BATTERY: "batterylevel batterypercent batterypct batt",
    Quantity.DOOR: "door dooropen dooropenstatus doorstatus magnetstatus",
    Quantity.RADIO: "rssi",
}
_KNOWN: Final = {name: quantity for quantity, names in _QUANTITIES.items() for name in names.split()}
_OPEN: Final = {True: 1.0, False: 0.0, "open": 1.0, "opened": 1.0, "closed": 0.0, "close": 0.0}
_KINDS: Final = {
    "removing": "removed",
    "fall-down": "fall",
    "gps-antenna-cut": "antenna-cut",
    "lowbattery": "low-battery",
}


@lru_cache(maxsize=2048)
def quantity_of(name: str) -> Quantity | None:
    """Return what a value of this name measures, in the canonical unit; None where nobody can say."""
    folded = name.rpartition(".")[2].lower()
    plain = folded.replace("_", "").replace("-", "")
    return _KNOWN.get(plain) or _KNOWN.get(_NUMBER.sub("", folded).replace("_", "").replace("-", ""))


def door_of(value: object) -> float | None:
    """Return 1 for open, 0 for closed, None for what is neither."""
    if isinstance(value, str):
        return _OPEN.get(value.lower())
    return _OPEN.get(bool(value)) if isinstance(value, bool | int) and value in {0, 1} else None


@lru_cache(maxsize=512)
def kind_of(name: str) -> str:
    """Return the kind of a signal by a tracker's own name for it: `lowBattery` is `low-battery`."""
    words = _CAPITAL.sub("-", name.strip()).replace("_", "-").replace(" ", "-").lower()
    return _KINDS.get(words, words)[:64]
