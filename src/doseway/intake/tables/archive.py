"""The zip of a workbook: checked before anything in it is unpacked.

Number of parts, their sizes, their ratio, no part twice, no encryption. What is unpacked is counted and check-summed
again as it streams: a directory may lie.
"""

import struct
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, Final

from doseway.intake.port import DecodeOptions
from doseway.model.errors import FormatError, Place
from doseway.model.zips import DAMAGE

HINT: Final = "Open it in a spreadsheet program and save it as .xlsx or .csv again."
_CHUNK: Final = 16 * 1024
MAX_PARTS: Final = 1_000
_MAX_DIRECTORY_BYTES: Final = 256 * 1024
_MAX_UNPACKED: Final = 512 * 1024 * 1024
_MAX_RATIO: Final = 250  # tables of repeated rows reach about 60
_RATIO_FROM: Final = 8 * 1024 * 1024
_END_RECORD: Final = b"PK\x05\x06"
_END_RECORD_BYTES: Final = 22
_LARGEST_COMMENT: Final = 65_535
_ENCRYPTED: Final = 0x1


def open_archive(stream: BinaryIO, options: DecodeOptions) -> zipfile.ZipFile:
    """Open the zip after its directory was found small and its promises sane.

    Raises:
        FormatError: it is no zip, or one that no spreadsheet program writes.
    """
    _check_directory(stream, options)
    try:
        archive = zipfile.ZipFile(stream)
    except DAMAGE as error:
        raise FormatError(f"the workbook is no zip: {error}", hint=HINT, where=Place(options.name)) from error
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    problem = ""
    if len(parts) > MAX_PARTS or len({part.filename for part in parts}) != len(parts):
        problem = f"it has more than {MAX_PARTS:,} parts, or a part twice"
    elif any(part.flag_bits & _ENCRYPTED for part in parts):
        problem = "it is encrypted"
    elif any(part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} for part in parts):
        problem = "it is packed in a way that spreadsheets do not use"
    elif unpacked > min(_MAX_UNPACKED, options.max_bytes):
        problem = f"it unpacks to {unpacked:,} bytes"
    elif any(part.file_size > _RATIO_FROM and part.file_size > _MAX_RATIO * part.compress_size for part in parts):
        problem = f"a part unpacks to more than {_MAX_RATIO} times its size, as zip bombs do"
    if problem:
        raise FormatError(f"the workbook is refused: {problem}", hint=HINT, where=Place(options.name))
    return archive


def unpack(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """Give a part's bytes in chunks; the directory's size and check sum are enforced on the way.

    Raises:
        FormatError: the part is missing or damaged.
    """
    try:
        with archive.open(part) as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except DAMAGE as error:
        raise FormatError(f"part {part} of the workbook cannot be read: {error}", hint=HINT) from error


def _check_directory(stream: BinaryIO, options: DecodeOptions) -> None:
    """Refuse a zip whose directory alone would fill the memory; only then is it opened."""
    size = stream.seek(0, 2)
    options.check_bytes(size)
    stream.seek(max(0, size - _END_RECORD_BYTES - _LARGEST_COMMENT))
    tail = stream.read(_END_RECORD_BYTES + _LARGEST_COMMENT)
    at = tail.rfind(_END_RECORD)
    if at < 0 or len(tail) - at < _END_RECORD_BYTES:
        raise FormatError("the workbook is cut off: its zip directory is missing", hint=HINT, where=Place(options.name))
    _, _, _, _, parts, directory, _, _ = struct.unpack("<4s4H2LH", tail[at : at + _END_RECORD_BYTES])
    if parts > MAX_PARTS or directory > _MAX_DIRECTORY_BYTES or b"PK\x06\x07" in tail[max(0, at - 20) : at]:
        raise FormatError(
            f"the workbook is refused: a zip directory of {parts:,} parts", hint=HINT, where=Place(options.name)
        )
    stream.seek(0)
