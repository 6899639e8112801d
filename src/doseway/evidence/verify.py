"""Verify a Doseway evidence pack: one file, standard library only, Python 3.9 or newer, no network, nothing written.

    python verify.py PACK.zip [--policy PINNED] [--json]

Exit code: 0 VERIFIED, 1 VERIFIED WITH GAPS, 2 NOT WITNESSED, 3 TAMPERED, 4 the call is wrong. Take this file from a
source that you trust, not from the pack; only the rules (rejudge.py) and the decoder of originals (reread.py) come from
there, pinned by hash. Formats: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-policy; RFC 6962;
Ed25519 as libsodium accepts it.
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import hashlib
import json
import pathlib
import re
import sys
import zipfile
from typing import Any

VERDICTS = ("VERIFIED", "VERIFIED WITH GAPS", "NOT WITNESSED", "TAMPERED")
LEVELS = {"checked": 0, "notes": 0, "gaps": 1, "not_witnessed": 2, "tampered": 3}
PROPOSALS = ("", "within-label", "within-budget", "undecided", "qa-review", "reject")
PINNED = {  # SHA-256 of every released part, the newest first
    "rejudge.py": ("85f0a5c9bfcdf03aa20459da29c1c177b4cdf71d0a1a45fe10e500b2bee046f6",),
    "reread.py": ("82fdff68245f7e9c90d494cf33b1295f6dea26c5ab7ab0d09865bd709f5e6998",),
}
DOES_NOT_PROVE = [
    "that the probe was in the product, that the device was calibrated, or that its clock was right",
    "that nothing was left out before it reached the log, or that the log holds no other judgement of the same file",
    "that the limits suit the product, nor a release: the verdict is a proposal to a qualified person",
    "what report.html and report.pdf say in words: the operator wrote them; what was checked stands above",
]
MAX_FILES, MAX_BYTES, MAX_JSON, MAX_ENTRY, MAX_RATIO, RATIO_FROM = 65_000, 1 << 33, 1 << 24, 65_535, 200, 1 << 20
STRAY = "the archive has bytes that belong to no file"  # another program may see a file there
NAME = re.compile(r"(?:[a-z]+/){0,2}[A-Za-z0-9_-][A-Za-z0-9._-]*")
EPOCH, MS = dt.datetime(1970, 1, 1), dt.timedelta(milliseconds=1)  # noqa: DTZ001  # all is UTC
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
BASE = 15112221349535400772501151409588531511454012693041857206046113283949847762202, 4 * pow(5, -1, P) % P


class Tampered(Exception):
    """A check failed: the pack is not what was logged."""


def require(condition: object, text: str) -> None:
    """Raise `Tampered` unless the condition holds."""
    if not condition:
        raise Tampered(text)


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _canonical(value: Any) -> bytes:  # RFC 8785, for values without floats
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse_json(data: bytes, what: str) -> dict[str, Any]:
    """Parse an object in which no key occurs twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        require(len(dict(pairs)) == len(pairs), f"{what}: a JSON key occurs twice")
        return dict(pairs)

    value = json.loads(data.decode(), object_pairs_hook=unique)
    require(isinstance(value, dict), f"{what} is not a JSON object")
    return value  # type: ignore[no-any-return]  # checked the line before


def b64(text: str) -> bytes:
    """Decode canonical base64."""
    data = base64.b64decode(text.encode())
    require(text and base64.b64encode(data).decode() == text, f"{text[:40]!r} is not canonical base64")
    return data


def iso(at_ms: int) -> str:
    """Write an instant as ISO 8601 in UTC with milliseconds."""
    return (EPOCH + at_ms * MS).isoformat(timespec="milliseconds") + "Z"


def check_archive(archive: zipfile.ZipFile) -> None:
    """Refuse an archive that is unsafe to read, before anything of it is unpacked."""
    infos, file, end, room = sorted(archive.infolist(), key=lambda info: info.header_offset), archive.fp, 0, 0
    require(len({info.filename for info in infos}) == len(infos) <= MAX_FILES, "too many files, or one name twice")
    for info in infos:
        plain = NAME.fullmatch(info.filename) and not info.flag_bits & 1 and info.compress_type in {0, 8}
        plain = plain and info.external_attr >> 28 in {0, 8}  # no link or device
        require(plain, f"{info.filename[:80]!r}: unsafe name, link, encryption or unknown compression")
        require(0 <= info.header_offset - end <= room, STRAY)
        file.seek(info.header_offset + 26)  # type: ignore[union-attr]  # it is open
        more = [int.from_bytes(file.read(2), "little") for _ in "nx"]  # type: ignore[union-attr]  # name and extra
        end, room = info.header_offset + 30 + sum(more) + info.compress_size, 24 if info.flag_bits & 8 else 0
        is_bomb = info.file_size > MAX_RATIO * info.compress_size + RATIO_FROM
        require(not is_bomb, f"{info.filename} unpacks to {info.file_size} bytes: a zip bomb")
    require(sum(info.file_size for info in infos) <= MAX_BYTES, f"the archive unpacks to over {MAX_BYTES} bytes")
    start = archive.start_dir  # of the directory
    tail = 22 + sum(46 + len(info.filename) + len(info.extra) + len(info.comment) for info in infos)
    is_whole = 0 <= start - end <= room and file.seek(0, 2) - start - tail in {0, 76}  # type: ignore[union-attr]
    require(infos and is_whole, STRAY)


def _add(one: tuple[int, int], two: tuple[int, int]) -> tuple[int, int]:  # affine: slower than projective, but short
    k = D * one[0] * two[0] * one[1] * two[1]
    x, y = one[0] * two[1] + two[0] * one[1], one[1] * two[1] + one[0] * two[0]
    return x * pow(1 + k, -1, P) % P, y * pow(1 - k, -1, P) % P


def _times(scalar: int, point: tuple[int, int]) -> tuple[int, int]:
    result = (0, 1)
    for bit in f"{scalar:b}":
        result = _add(_add(result, result), point) if bit == "1" else _add(result, result)
    return result


def ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Verify a signature by libsodium's rules: small order and non-canonical values are refused."""
    if (len(public), len(signature)) != (32, 64):
        return False
    scalar, y = int.from_bytes(signature[32:], "little"), int.from_bytes(public, "little") & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    x = x if x & 1 == public[31] >> 7 else -x % P
    if scalar >= ORDER or y >= P or x * x % P != square or _times(8, (x, y)) == (0, 1):
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    x, y = _add(_times(scalar, BASE), _times(challenge, (-x % P, y)))
    return _times(8, (x, y)) != (0, 1) and (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


class Policy:
    """A C2SP tlog-policy: whose signatures count (`keys`: name and key id to role and key), and how many (`groups`)."""

    def __init__(self, text: str) -> None:
        self.keys: dict[tuple[str, bytes], tuple[str, bytes]] = {}
        self.groups: dict[str, tuple[int, list[str]]] = {"none": (1, [])}
        self.quorum = ""
        for line in text.splitlines():
            what, *words = line.split() or ["#"]
            if what in {"log", "witness"} and words[what == "witness" :]:
                self._key(words[what == "witness"], words[0] if what == "witness" else "")
            elif what == "group" and words[2:]:
                self._group(words[0], words[1], words[2:])
            elif what == "quorum" and not self.quorum and words and words[0] in self.groups:
                self.quorum = words[0]
            else:
                require(what.startswith("#"), f"the policy line {line[:80]!r} cannot be read")
        require(self.quorum, "the policy has no quorum")

    def _key(self, vkey: str, witness: str) -> None:
        name, _, tail = vkey.partition("+")
        blob = b64(tail[9:])
        require(tail[:8] == _sha256(f"{name}\n".encode() + blob)[:4].hex(), f"{vkey[:40]}: the key id is wrong")
        is_new = witness not in self.groups and blob not in {key for _, key in self.keys.values()}
        require(is_new, f"{vkey[:40]}: this key or the name {witness!r} is in the policy twice")
        self.keys[name, bytes.fromhex(tail[:8])] = (witness or f"log {name}", blob)
        self.groups.update({witness: (1, [])} if witness else {})

    def _group(self, name: str, threshold: str, members: list[str]) -> None:
        taken = [one for _, others in self.groups.values() for one in others]
        is_known = name not in self.groups and set(members) <= self.groups.keys() - {"none", *taken}
        need = {"any": 1, "all": len(members)}.get(threshold) or int(threshold)
        is_sound = is_known and 1 <= need <= len(members) == len(set(members))
        require(is_sound, f"the policy's group {name!r} is double, or has no such members")
        self.groups[name] = (need, members)

    def is_met(self, signed: dict[str, int], name: str) -> bool:
        """Tell whether a witness or group has signed; no one is called `none`, for with that quorum nobody watches."""
        need, members = self.groups[name]
        return sum(self.is_met(signed, one) for one in members) >= need if members else name in signed

    def open_note(self, note: bytes) -> tuple[str, dict[str, int]]:
        """Return the text of a signed note and the roles that signed it, with the time (s) of a cosignature, else 0."""
        text, _, block = note.decode().rpartition("\n\n")
        signed = {}
        for line in block.split("\n")[:-1]:
            found = re.fullmatch(r"— ([^ +]+) ([A-Za-z0-9+/=]+)", line)
            require(found and block.endswith("\n"), "the checkpoint is not a signed note")
            name, blob = found[1], b64(found[2])  # type: ignore[index]  # required the line before
            role, key = self.keys.get((name, blob[:4]), ("", b"\0"))
            stamp = int.from_bytes(blob[4:12], "big") if key[0] == 4 else 0  # noqa: PLR2004  # cosignature/v1
            if key[0] in {1, 4}:  # 6 is ML-DSA-44, which needs more than the standard library: not counted
                prefix, signature = (f"cosignature/v1\ntime {stamp}\n", blob[12:]) if stamp else ("", blob[4:])
                require(ed25519(key[1:], f"{prefix}{text}\n".encode(), signature), f"the signature of {name} is wrong")
                signed[role] = stamp
        return f"{text}\n", signed


def root_from(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """Return the root that an inclusion path leads to (RFC 9162, 2.1.3.2)."""
    inner = (index ^ (size - 1)).bit_length()
    require(index < size and len(path) == inner + f"{index >> inner:b}".count("1"), f"proof {index}: wrong length")
    for level, sibling in enumerate(path):
        is_right = level >= inner or index >> level & 1
        leaf = _sha256(b"\1" + sibling + leaf if is_right else b"\1" + leaf + sibling)
    return leaf


def load_part(name: str, source: bytes) -> dict[str, Any]:
    """Return what a part that travels in the pack defines: it runs only if it is one whose hash stands above."""
    part: dict[str, Any] = {}
    if _sha256(source).hex() in PINNED[name]:
        exec(compile(source, name, "exec"), part)  # noqa: S102  # a pinned hash: as good as being in this file
    return part


class Verification:
    """One run over one pack: the checks in order, and what they found."""

    def __init__(self, archive: zipfile.ZipFile, found: dict[str, list[str]]) -> None:
        check_archive(archive)
        self.archive, self.found, self.facts = archive, found, dict[int, dict[str, Any]]()
        self.names = set(archive.namelist())
        self.known = {"manifest.json", "report.html", "report.pdf", "verify.py", "README.txt", "policy", *PINNED}

    def run(self, pinned: str | None) -> None:
        """Check everything."""
        seal = self._manifest()
        self.parts = {name: load_part(name, self._read(name)) for name in PINNED}
        self._log(pinned)
        packets = sorted(at for at, fact in self.facts.items() if fact["type"] == "packet.received")
        for index in packets:
            self._packet(index)
        strays = sorted(name for name in self.names - self.known if not name.startswith("keys/"))
        require(not strays, f"no logged fact speaks of {', '.join(strays[:3])}")
        sealed = [fact["body"] for fact in self.facts.values() if fact["type"] == "evidence.packed"]
        seals = [(body["pack_sha256"], sorted(body["packets"])) for body in sealed]
        is_ours = not seals or seals == [(seal, packets)]
        require(is_ours, "the contents are not those that the log was given when this was packed")
        untied = [] if seals else ["the log holds no digest of this pack: nothing ties the reports to it"]
        self.found["gaps"] += untied if packets else [*untied, "the pack holds no packet: nothing was judged"]

    def _read(self, name: str, most: int = MAX_JSON) -> bytes:
        require(name in self.names and self.archive.getinfo(name).file_size <= most, f"{name} is missing or too long")
        self.known.add(name)
        return self.archive.read(name)

    def _digest(self, name: str) -> str:
        state = hashlib.sha256()
        with self.archive.open(name) as stream:
            while chunk := stream.read(1 << 20):
                state.update(chunk)
        return state.hexdigest()

    def _manifest(self) -> str:
        data = self._read("manifest.json")
        manifest = parse_json(data, "manifest.json")
        is_ours = _canonical(manifest) == data and manifest.get("schema") == "doseway-evidence/1"
        require(is_ours, "manifest.json: unknown")
        files, stated = manifest.pop("files"), manifest.pop("contents_sha256", "")
        for name in sorted(set(files) ^ (self.names - {"manifest.json"})):
            self.found["tampered"].append(f"{name} is {'missing' if name in files else 'not listed in the manifest'}")
        for name in sorted(self.names & set(files)):
            if files[name] != {"sha256": self._digest(name), "size": self.archive.getinfo(name).file_size}:
                self.found["tampered"].append(f"{name} does not have the hash and size of the manifest")
        contents = {name: value for name, value in files.items() if not name.startswith(("log/", "proofs/"))}
        seal = _sha256(_canonical({**manifest, "files": contents})).hex()
        require(stated == seal, "manifest.json does not have the digest that it states")
        self.found["checked"] += [] if self.found["tampered"] else [f"the {len(files)} files are those of the manifest"]
        return seal

    def _log(self, pinned: str | None) -> None:
        own, note = self._read("policy").decode(), self._read("log/checkpoint")
        if pinned is None:
            text = "no pinned policy: whoever made the pack chose whose signatures count (--policy takes your own copy)"
            self.found["gaps"].append(text)
        elif pinned.split() != own.split():
            self.found["notes"].append("the pack's policy differs from the pinned one; the pinned one was used")
        policy = Policy(own if pinned is None else pinned)
        text, signed = policy.open_note(note)
        origin, size, root, *_ = [*text.split("\n"), "", ""]
        require(f"log {origin}" in signed, f"no key of the policy signed the checkpoint of {origin[:80]!r}")
        witnesses = ", ".join(f"{name} at {iso(1000 * at)}" for name, at in sorted(signed.items()) if at) or "nobody"
        if not policy.is_met(signed, policy.quorum):
            what = "no witness is asked for" if policy.quorum == "none" else f"quorum {policy.quorum!r} is not met"
            self.found["not_witnessed"].append(f"{what}: cosigned by {witnesses}")
        for name in sorted(self.names):
            if match := re.fullmatch(r"log/entries/(\d{1,18})\.json", name):
                index, entry = int(match[1]), self._read(name, MAX_ENTRY)
                head, _, rest = self._read(f"proofs/{index}.tlog-proof").partition(b"\n\n")
                first, second, *path = head.decode().split("\n")
                is_proof = (first, second, rest) == ("c2sp.org/tlog-proof@v1", f"index {index}", note)
                leaf = root_from(_sha256(b"\0" + entry), index, int(size), [b64(line) for line in path])
                require(is_proof and leaf == b64(root), f"log entry {index} is not what the log holds there")
                self.facts[index] = parse_json(entry, name)
        self.found["checked"].append(f"{len(self.facts)} facts are in {origin}, size {size}; cosigned by {witnesses}")

    def _packet(self, index: int) -> None:
        mine = {at: fact for at, fact in sorted(self.facts.items()) if fact["body"].get("packet") == index}
        bodies, received = {fact["type"]: fact["body"] for fact in mine.values()}, self.facts[index]["body"]
        what, decoded = f"packet {index} ({received['name']})", bodies.get("packet.decoded")
        record = next((name for name in sorted(self.names) if name.startswith(f"records/{index}-")), "")
        if record:
            salt = bytes.fromhex(self._read(f"records/{index}.salt").decode())
            commitment = _sha256(b"\0" + salt + bytes.fromhex(self._digest(record))).hex()
            require(commitment == received["commitment"], f"{what}: the original bytes are not those committed to")
            self.known.add(record)
        else:
            reason = bodies.get("blob.erased", {}).get("reason", "they are not in the pack")
            self.found["gaps"].append(f"{what}: the original bytes cannot be checked: {reason}")
        last = max((at for at, fact in mine.items() if fact["type"] == "packet.decoded"), default=0)
        made = [at for at, fact in mine.items() if fact["type"] == "judgement.made"]
        replaced = [f"{what}: judgement {at} is of an earlier decoding, replaced by {last}" for at in made if at < last]
        self.found["notes"] += replaced
        if decoded and (declared := self._readings(what, index, record, decoded)) is not None:
            for at in made[len(replaced) :]:
                self._judgement(f"{what}, judgement {at}", (at, index, declared), mine[at]["body"], decoded)
        if not decoded or len(made) == len(replaced):
            reason = bodies.get("packet.rejected", {}).get("what", "the pack holds no judgement of it")
            self.found["gaps"].append(f"{what}: was not judged: {reason}")

    def _readings(self, what: str, index: int, record: str, decoded: dict[str, Any]) -> int | None:
        """Check the readings of a packet; return the interval that its original declares (ms, or 0), None without."""
        name, logged = f"readings/{index}.csv", decoded["readings_sha256"]
        if name not in self.names:
            self.found["gaps"].append(f"{what}: its readings are not in the pack")
            return None
        require(self._digest(name) == logged, f"{what}: these are not the logged readings")
        self.known.add(name)
        reader = self.parts["reread.py"] if record and decoded["format"] == "berlinger" else {}
        if not reader:
            text = f"{what}: the readings are those of the logged decoding ({decoded['format']}), not decoded anew"
            self.found["gaps" if record else "notes"].append(text)
            return 0
        issuers = decoded.get("options", {}).get("issuers", {})
        with self.archive.open(record) as stream:
            again = reader["reread"](stream, decoded["zone"], issuers)
        require(again["readings_sha256"] == logged, f"{what}: the original bytes do not give the logged readings")
        proof, stated = again["signature"], decoded["signature"]
        require(proof == stated, f"{what}: the device's signature is {proof}, but was logged as {stated}")
        self.found["checked"].append(f"{what}: original bytes as committed; readings decoded from them anew; {proof}")
        pins = [f"{what}: the operator pinned the issuer key {key[:16]}..., so it counts too" for key in issuers]
        self.found["notes"] += pins
        return int(again["interval_ms"] or 0)

    def _judgement(self, what: str, place: tuple[int, int, int], body: dict[str, Any], decoded: dict[str, Any]) -> None:
        at, index, declared = place
        data, limits = self._read(f"judgement/{at}.json"), self._read(f"judgement/{at}.limits.json")
        require(_sha256(data).hex() == body["judgement_sha256"], f"judgement/{at}.json is not what was logged")
        require(limits == _canonical(body["limits"]), f"judgement/{at}.limits.json is not what was logged")
        logged = parse_json(data, f"judgement/{at}.json")
        least = max("undecided" if decoded["signature"] == "altered" else "", logged["verdict"], key=PROPOSALS.index)
        is_fair = PROPOSALS.index(body["verdict"]) >= PROPOSALS.index(least)
        require(is_fair, f"{what}: the verdict {body['verdict']} is better than {least}, which was found")
        reader, judge = self.parts["reread.py"], self.parts["rejudge.py"]
        if not (reader and judge):
            self.found["gaps"].append(f"{what}: not recomputed, for this verifier does not know the pack's rejudge.py")
            return
        with self.archive.open(f"readings/{index}.csv") as stream:
            tracks = reader["read_tracks"](stream)
        offset = reader["offset_ms"](decoded["zone"])
        wrong, untold = judge["rejudge"](tracks, body["limits"], logged, offset, declared)
        require(not wrong, f"{what}: recomputed from the readings, other than logged: {'; '.join(wrong[:5])}")
        self.found["gaps"] += [f"{what}: {text}" for text in untold]
        self.found["checked"].append(f"{what}: {body['verdict']}, recomputed from the readings with the logged limits")


def verify(path: pathlib.Path, pinned: str | None = None) -> dict[str, Any]:
    """Verify a pack, against a pinned policy's text if given; raises OSError only where the file cannot be opened."""
    found: dict[str, list[str]] = {key: [] for key in ("tampered", "not_witnessed", "gaps", "notes", "checked")}
    with path.open("rb") as file:
        try:
            Verification(zipfile.ZipFile(file), found).run(pinned)
        except Tampered as error:
            found["tampered"].append(str(error))
        except Exception as error:  # noqa: BLE001  # whatever hostile bytes lead to, it is a finding and no crash
            found["tampered"].append(f"the pack is broken: {type(error).__name__}: {error}")
    code = max((LEVELS[key] for key, texts in found.items() if texts), default=0)
    return {"verdict": VERDICTS[code], "exit_code": code, **found, "does_not_prove": DOES_NOT_PROVE}


def main(arguments: list[str] | None = None) -> int:
    """Verify as the arguments say (without any: the command line's); return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=pathlib.Path, help="the evidence pack (.zip)")
    parser.add_argument("--policy", type=pathlib.Path, help="your own copy of the policy: whose signatures count")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    call = parser.parse_args(arguments)
    try:
        result = verify(call.pack, call.policy.read_text(encoding="utf-8") if call.policy else None)
    except (OSError, UnicodeDecodeError) as error:
        parser.exit(4, f"{error}\n")
    lines = [
        f"  {key.replace('_', ' ')}: {text}" for key, one in result.items() if isinstance(one, list) for text in one
    ]
    # A packet's name is somebody else's text: it must not move the inspector's cursor or pose as a line of ours.
    plain = ["".join(c if c.isprintable() else ascii(c)[1:-1] for c in line) for line in (result["verdict"], *lines)]
    print(json.dumps(result, indent=2) if call.json else "\n".join(plain))  # noqa: T201
    return int(result["exit_code"])


if __name__ == "__main__":
    sys.exit(main())
