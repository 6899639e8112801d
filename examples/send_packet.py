"""Send what a signing tracker sends: `python examples/send_packet.py [--url URL --key API-KEY] [--count N]`.

Without a URL the packets go to standard output, one after the other, as a device would keep them in its memory. The key
is derived from a name, so that everybody can try it: it protects nothing. Its public half is printed for pinning.
"""

import argparse
import hashlib
import sys
import time
import urllib.request

from nacl.signing import SigningKey

from doseway.intake.cose.record import Gnss, Trip
from doseway.intake.cose.sender import Sender
from doseway.model.readings import Quantity

DEVICE = "dw-example-1"
FRANKFURT = (50_033_300, 8_570_500)  # microdegrees
INTERVAL_MS = 600_000


def packets(count: int, start_ms: int) -> list[bytes]:
    """Return the packets of one device: a trip that opens, measures every ten minutes, and closes."""
    sender = Sender(key(), DEVICE, boot_id=hashlib.sha256(b"boot 1").digest()[:8], boot_n=1)
    return [
        sender.send(
            utc_ms=start_ms + number * INTERVAL_MS,
            mono_ms=number * INTERVAL_MS,
            readings=[("probe", Quantity.TEMPERATURE, 0, 4_000 + 31 * number % 700)],
            tsrc="gnss",
            tunc_ms=50,
            gnss=Gnss(fix=3, lat=FRANKFURT[0], lon=FRANKFURT[1], hacc=4_000, nsv=9),
            trip=trip(number, count),
        )
        for number in range(count)
    ]


def trip(number: int, count: int) -> Trip | None:
    """Return the manifest of the first and of the last record; None between."""
    if number == 0:
        return Trip(state="open", id="EX-1", count=1)
    return Trip(state="close", id="EX-1", count=count) if number == count - 1 else None


def key() -> SigningKey:
    """Return the example key."""
    return SigningKey(hashlib.sha256(b"doseway example device key").digest())


def post(url: str, api_key: str, body: bytes) -> int:
    """Post a body and return the status; a device tries again until it is 2xx, with the same bytes."""
    headers = {"Content-Type": "application/cose", "X-API-Key": api_key}
    with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers)) as answer:
        status: int = answer.status
        return status


def main() -> None:
    """Send the packets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="such as http://127.0.0.1:8080/ingest/packet")
    parser.add_argument("--key", default="")
    parser.add_argument("--count", type=int, default=6)
    arguments = parser.parse_args()
    start_ms = int(time.time()) * 1000 - arguments.count * INTERVAL_MS
    print(f"public key to pin: {bytes(key().verify_key).hex()}", file=sys.stderr)
    sent = packets(arguments.count, start_ms)
    if arguments.url:
        print(f"status {post(arguments.url, arguments.key, b''.join(sent))}", file=sys.stderr)
    else:
        sys.stdout.buffer.write(b"".join(sent))


if __name__ == "__main__":
    main()
