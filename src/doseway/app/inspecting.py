"""Inspect one file on the spot: detect, decode, judge, compare with the device's own figures. Nothing is stored."""

import hashlib
import os
import stat
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from doseway.app.settings import Settings
from doseway.coldchain import agreement
from doseway.coldchain import profile as profiles
from doseway.coldchain.device_alarms import device_alarms
from doseway.coldchain.judge import judge
from doseway.coldchain.judgement import Judgement
from doseway.coldchain.notes import interval_note
from doseway.coldchain.profile import Profile
from doseway.evidence.inspection import DeviceFigure, Inspection
from doseway.intake import registry, zones
from doseway.intake.port import MOST_READINGS, DecodeOptions
from doseway.model.errors import DataError, Place, UsageError
from doseway.model.readings import Note, Recording

_BLOCK: Final = 1 << 20
_KEY_HEX_DIGITS: Final = 128


class How(msgspec.Struct, frozen=True, kw_only=True):
    """How to read and judge files: what the user said, with the settings for what was left out.

    Attributes:
        profile: the limits; None: those set in the device.
        format: the id of the format; empty: detected.
        zone: of device times without one; empty: undeclared.
        issuers: trusted public keys of file signers, hex, to where each came from.
        mapping: the declared columns of a table; None: detected.
        max_readings: a file with more is refused.
    """

    profile: Profile | None = None
    format: str = ""
    zone: str = ""
    issuers: Mapping[str, str] = {}
    mapping: Mapping[str, Any] | None = None
    max_readings: int = MOST_READINGS

    def options(self, name: str) -> DecodeOptions:
        """Return what a decoder is told."""
        return DecodeOptions(
            name=name,
            zone=self.zone or None,
            issuers=self.issuers,
            mapping=self.mapping,
            max_readings=self.max_readings,
        )


def how(
    settings: Settings,
    *,
    profile: str = "",
    format_id: str = "",
    zone: str = "",
    issuers: Iterable[Path] = (),
    mapping: Path | None = None,
) -> How:
    """Join what the command line says with the settings, and check it before any file is read.

    Raises:
        UsageError: an unknown profile, format or zone, or an unreadable key.
        DataError: a profile or mapping that is wrong.
    """
    zones.check(zone or settings.zone)
    if format_id:
        registry.by_id(format_id)
    wanted = profile or settings.profile
    return How(
        profile=find_profile(wanted) if wanted else None,
        format=format_id,
        zone=zone or settings.zone,
        issuers=dict(map(_read_issuer, (*settings.issuers, *issuers))),
        mapping=_read_mapping(mapping) if mapping else None,
    )


def find_profile(name: str) -> Profile:
    """Return a profile by the id of a built-in one, or by the path of a TOML file.

    Raises:
        UsageError: it is neither.
        ProfileError: the file's limits are wrong; says where.
    """
    if name in profiles.builtin_ids():
        return profiles.builtin(name)
    path = Path(name)
    if path.suffix != ".toml":
        known = ", ".join(profiles.builtin_ids())
        raise UsageError(f"there is no profile {name!r}", hint=f"Built in: {known}. Or give a .toml file.")
    return profiles.load_profile(_read(path), str(path))


def decode(stream: BinaryIO, name: str, how_to: How) -> Recording:
    """Detect the format of a seekable stream and decode it. Raises as formats do."""
    one = registry.by_id(how_to.format) if how_to.format else registry.detect_stream(stream, name)
    return one.decode(stream, how_to.options(name))


def limits_for(recording: Recording, how_to: How) -> Profile:
    """Return the profile to judge with: the user's, else the device's own settings, else one without limits."""
    return how_to.profile or profiles.from_device(recording) or profiles.without_limits()


def judge_recording(recording: Recording, profile: Profile) -> Judgement:
    """Judge all series of a recording under one profile."""
    interval_ms = None if recording.interval_s is None else recording.interval_s * 1000
    return judge(recording.series, profile, interval_ms=interval_ms, offset_minutes=recording.offset_minutes)


def inspect_stream(stream: BinaryIO, name: str, how_to: How) -> Inspection:
    """Inspect the bytes of one file. Raises what formats raise."""
    size_bytes, sha256 = _digest(stream)
    recording = decode(stream, name, how_to)
    profile = limits_for(recording, how_to)
    return present(recording, judge_recording(recording, profile), profile, name, size_bytes, sha256)


def present(
    recording: Recording, judgement: Judgement, profile: Profile, name: str, size_bytes: int, sha256: str
) -> Inspection:
    """Put together what people are shown of a judged recording."""
    return Inspection(
        file=name,
        size_bytes=size_bytes,
        sha256=sha256,
        recording=recording,
        judgement=judgement,
        limits=profiles.to_plain(profile),
        agreements=tuple(map(_figure, agreement.compare(recording, judgement))),
        contradictions=agreement.contradictions(recording),
        device_alarms=() if recording.readings else device_alarms(recording),
        notes=tuple(_notes(judgement)),
    )


def _notes(judgement: Judgement) -> Iterator[Note]:
    for one in judgement.statistics:
        note = interval_note(one.interval_ms, one.span_ms)
        if note is not None and one.readings > 1:
            yield note


def inspect_file(path: Path, how_to: How) -> Inspection:
    """Inspect one file.

    Raises:
        DataError: it cannot be read, or is in no known format; says what, where and what to do.
    """
    with opened(path) as stream:
        return inspect_stream(stream, readable(path), how_to)


def readable(path: Path) -> str:
    """Write a path as text that can be encoded: a byte that is not UTF-8 becomes U+FFFD."""
    return os.fsencode(path).decode("utf-8", errors="replace")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read it from end to end, more than once. A pipe or a device is refused: it may have no end.

    Raises:
        DataError: it is no file, or cannot be read; says why.
    """
    where = Place(readable(path))
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError("this is no regular file", hint="Save what it gives to a file first.", where=where)
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        why = error.strerror or str(error)
        raise DataError(f"the file cannot be read: {why}", hint="Check its permissions.", where=where) from error


def files_under(paths: Iterable[Path]) -> list[Path]:
    """Return the files named, and all files below the folders named, in a stable order.

    Below a folder, what is hidden (its name begins with a dot) is left out, and links to folders are not followed.

    Raises:
        UsageError: a path does not exist, or a folder cannot be searched.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += _below(path)
        elif os.path.lexists(path):
            found.append(path)
        else:
            raise UsageError("there is no such file or folder", where=Place(readable(path)))
    return found


def _below(folder: Path) -> list[Path]:
    found: list[Path] = []
    for where, folders, names in os.walk(folder, onerror=_not_searched):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(where, name) for name in names if not name.startswith(".")]
    return sorted(path for path in found if path.is_file() or path.is_symlink())


def _not_searched(error: OSError) -> None:
    """Refuse a folder that cannot be listed: the files in it would be left out in silence."""
    where = Place(readable(Path(error.filename)))
    raise UsageError(f"the folder cannot be searched: {error.strerror}", where=where) from error


def _digest(stream: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while block := stream.read(_BLOCK):
        digest.update(block)
        size += len(block)
    stream.seek(0)
    return size, digest.hexdigest()


def _figure(one: agreement.Agreement) -> DeviceFigure:
    return DeviceFigure(what=one.what, device=one.device, ours=one.ours, tolerance=one.tolerance, agrees=one.agrees)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"the file cannot be read: {error.strerror}", where=Place(str(path))) from error


def _read_issuer(path: Path) -> tuple[str, str]:
    key = _read(path).strip().decode("ascii", errors="replace").lower()
    if len(key) != _KEY_HEX_DIGITS or set(key) - set("0123456789abcdef"):
        raise UsageError(
            "an issuer's key is 128 hex digits, X and Y as written in the device's files", where=Place(str(path))
        )
    return key, str(path)


def _read_mapping(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_read(path).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the mapping is no TOML: {error}", where=Place(str(path))) from error
