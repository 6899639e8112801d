"""How long to wait after failures: doubling, bounded, and spread so that not all come back at once."""

import random
from typing import Final

_MOST_DOUBLINGS: Final = 30


def wait_s(failures: int, *, first_s: float = 1.0, most_s: float = 60.0, chance: float | None = None) -> float:
    """Return seconds to wait after so many failures in a row (at least 1): half of the doubled time and a random rest.

    Args:
        failures: in a row, this one included.
        first_s: the full wait after the first.
        most_s: the full wait at most.
        chance: 0 to 1 instead of a random number.
    """
    full_s = min(most_s, first_s * 2.0 ** min(failures - 1, _MOST_DOUBLINGS))
    share = random.random() if chance is None else chance  # noqa: S311 - spreads load, hides nothing
    return full_s * (0.5 + share / 2)
