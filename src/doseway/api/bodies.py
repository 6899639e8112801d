"""A body on its way in: bounded, and unpacked while it arrives, so that a bomb is noticed at the cap."""

import zlib
from typing import Final

from doseway.api.asgi import Refused
from doseway.api.refusals import problem

_GZIP_WINDOW: Final = 31


class Body:
    """Gathers the parts of a body and unpacks them on the way; `size` is what is held."""

    def __init__(self, max_bytes: int, *, is_gzip: bool) -> None:
        self._max_bytes = max_bytes
        self._raw: list[bytes] = []
        self._unpacked: list[bytes] = []
        self._unpacker = zlib.decompressobj(_GZIP_WINDOW) if is_gzip else None
        self._unpacked_bytes = 0
        self.size = 0

    def take(self, part: bytes) -> None:
        """Add a part.

        Raises:
            Refused: it is no gzip (400), or unpacks to more than `max_bytes` (413); no more than that is ever held.
        """
        self._raw.append(part)
        self.size += len(part)
        while self._unpacker is not None and part:
            room = self._max_bytes - self._unpacked_bytes
            try:
                unpacked = self._unpacker.decompress(part, room + 1)
            except zlib.error as error:
                raise Refused(problem(400, f"the body is no gzip: {error}", code="gzip")) from error
            if len(unpacked) > room:
                raise Refused(problem(413, f"a body of at most {self._max_bytes} bytes is taken, unpacked"))
            self._unpacked.append(unpacked)
            self._unpacked_bytes += len(unpacked)
            self.size += len(unpacked)
            part = self._unpacker.unconsumed_tail
            if self._unpacker.eof:
                # RFC 1952 2.2: a gzip file may be several members, one after the other.
                part = self._unpacker.unused_data
                self._unpacker = zlib.decompressobj(_GZIP_WINDOW) if part else self._unpacker

    def finish(self) -> tuple[bytes, bytes]:
        """Return the body unpacked, and as it was sent.

        Raises:
            Refused: the gzip is cut off (400).
        """
        raw = b"".join(self._raw)
        if self._unpacker is None:
            return raw, raw
        if raw and not self._unpacker.eof:
            raise Refused(problem(400, "the body's gzip is cut off", code="gzip", hint="Send it again, whole."))
        return b"".join(self._unpacked), raw
