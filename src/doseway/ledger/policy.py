"""Policies (C2SP tlog-policy): which logs and witnesses count, and how many of them must have signed.

log <vkey> [<url>]
witness <name> <vkey> [<url>]
group <name> all|any|<k> <member>...
quorum <name>|none

Items are separated by spaces and tabs only; names are compared as they are, without any Unicode rule.
"""

from collections.abc import Iterable, Sized
from dataclasses import dataclass, field
from typing import Final

from doseway.ledger.note import ED25519, VerifierKey, parse_decimal
from doseway.model.errors import DataError, Place

NONE: Final = "none"
MAX_EACH: Final = 256
_LOG_WORDS: Final = range(2, 4)
_WITNESS_WORDS: Final = range(3, 5)
_FEWEST_GROUP_WORDS: Final = 4
_QUORUM_WORDS: Final = 2


@dataclass(frozen=True)
class PolicyLog:
    """A log that counts, and where it is published; its origin is its key's name."""

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True)
class PolicyWitness:
    """A witness that counts, by the name that the policy gives it, and where it is reached."""

    name: str
    key: VerifierKey
    url: str = ""


@dataclass(frozen=True)
class PolicyGroup:
    """`k` of the members, which are witnesses and groups."""

    name: str
    k: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """Whose signatures count.

    Attributes:
        quorum: the name of the witness or group that must have cosigned, or `none`.
    """

    logs: tuple[PolicyLog, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: tuple[PolicyGroup, ...]
    quorum: str

    def log_keys(self, origin: str) -> list[VerifierKey]:
        """Return the keys that may sign for a log."""
        return [log.key for log in self.logs if log.key.name == origin]

    def witness_keys(self) -> list[VerifierKey]:
        """Return the keys of the witnesses."""
        return [witness.key for witness in self.witnesses]

    def keys(self) -> list[VerifierKey]:
        """Return all keys, of logs and witnesses."""
        return [log.key for log in self.logs] + self.witness_keys()

    def witness_names(self, keys: Iterable[VerifierKey]) -> set[str]:
        """Return the names of the witnesses with these keys."""
        signed = set(keys)
        return {witness.name for witness in self.witnesses if witness.key in signed}

    def is_met_by(self, keys: Iterable[VerifierKey]) -> bool:
        """Tell whether cosignatures by these keys, all verified, reach the quorum."""
        met = self.witness_names(keys)
        for group in self.groups:  # a group's members are defined before it, so one pass settles them all
            if sum(member in met for member in group.members) >= group.k:
                met.add(group.name)
        return self.quorum == NONE or self.quorum in met

    def explain(self) -> str:
        """Say the quorum in words, such as `2 of (qa, carrier, authority)`."""
        if self.quorum == NONE:
            return "no witness"
        words: dict[str, str] = {}
        for group in self.groups:
            members = ", ".join(words.get(member, member) for member in group.members)
            words[group.name] = f"{group.k} of ({members})"
        return words.get(self.quorum, self.quorum)


@dataclass
class _Draft:
    """A policy while its lines are read."""

    logs: list[PolicyLog] = field(default_factory=list)
    witnesses: list[PolicyWitness] = field(default_factory=list)
    groups: list[PolicyGroup] = field(default_factory=list)
    quorum: str = ""

    def names(self) -> set[str]:
        """Return the names defined so far."""
        return {witness.name for witness in self.witnesses} | {group.name for group in self.groups}

    def log(self, words: list[str]) -> None:
        """Take a `log` line."""
        if len(words) not in _LOG_WORDS:
            raise DataError("a log line is `log VKEY [URL]`")
        key = VerifierKey.parse(words[1])
        if key.type != ED25519:
            raise DataError(f"the key of log {key.name} is no log key (type 0x01)")
        if any(log.key.public_key == key.public_key for log in self.logs):
            raise DataError(f"the key of log {key.name} is there twice")
        _check_room(self.logs)
        self.logs.append(PolicyLog(key, *words[2:]))

    def witness(self, words: list[str]) -> None:
        """Take a `witness` line."""
        if len(words) not in _WITNESS_WORDS:
            raise DataError("a witness line is `witness NAME VKEY [URL]`")
        self._check_new(words[1])
        key = VerifierKey.parse(words[2])
        if key.type == ED25519:
            raise DataError(f"the key of witness {words[1]} is a log's key (type 0x01), not a cosigner's")
        if any(witness.key.public_key == key.public_key for witness in self.witnesses):
            raise DataError(f"the key of witness {words[1]} is there twice")
        _check_room(self.witnesses)
        self.witnesses.append(PolicyWitness(words[1], key, *words[3:]))

    def group(self, words: list[str]) -> None:
        """Take a `group` line."""
        if len(words) < _FEWEST_GROUP_WORDS:
            raise DataError("a group line is `group NAME all|any|K MEMBER...`")
        name, k, members = words[1], words[2], words[3:]
        self._check_new(name)
        _check_room(self.groups)
        taken = {member for group in self.groups for member in group.members}
        defined = self.names()
        for member in members:
            if member not in defined:
                raise DataError(f"{member!r} is not defined before group {name}")
            if member in taken or members.count(member) > 1:
                raise DataError(f"{member!r} is a member twice", hint="It could count only once.")
        self.groups.append(PolicyGroup(name, _threshold(k, len(members)), tuple(members)))

    def set_quorum(self, words: list[str]) -> None:
        """Take a `quorum` line."""
        if len(words) != _QUORUM_WORDS or self.quorum:
            raise DataError("there is exactly one quorum line, `quorum NAME` or `quorum none`")
        if words[1] != NONE and words[1] not in self.names():
            raise DataError(f"the quorum {words[1]!r} is not defined")
        self.quorum = words[1]

    def _check_new(self, name: str) -> None:
        if name in self.names() or name == NONE:
            raise DataError(f"the name {name!r} is taken")


def _check_room(taken: Sized) -> None:
    if len(taken) >= MAX_EACH:
        raise DataError(f"a policy has at most {MAX_EACH} logs, witnesses and groups each")


def _threshold(text: str, members: int) -> int:
    words = {"all": members, "any": 1}
    k = words[text] if text in words else parse_decimal(text)
    if not 1 <= k <= members:
        raise DataError(f"a group of {members} needs all, any, or a number from 1 to {members}, not {text}")
    return k


def parse_policy(text: str, source: str = "policy") -> Policy:
    """Read a policy.

    Args:
        text: of the file, decoded as UTF-8.
        source: the file's name, for messages.

    Raises:
        DataError: a line is wrong; says which and why.
    """
    draft = _Draft()
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            _take(draft, line)
        except DataError as error:
            raise DataError(error.what, hint=error.hint, where=Place(source, number)) from error
    if not draft.quorum:
        raise DataError("the policy has no quorum line", hint="`quorum none` asks for none.", where=Place(source))
    return Policy(tuple(draft.logs), tuple(draft.witnesses), tuple(draft.groups), draft.quorum)


def _take(draft: _Draft, line: str) -> None:
    if any((c < " " and c != "\t") or c == "\x7f" for c in line):
        raise DataError("a control character", hint="Lines end in a newline alone, and only tabs are allowed in them.")
    words = [word for word in line.replace("\t", " ").split(" ") if word]
    if not words or words[0].startswith("#"):
        return
    take = {"log": draft.log, "witness": draft.witness, "group": draft.group, "quorum": draft.set_quorum}
    if words[0] not in take:
        raise DataError(f"{words[0][:40]!r} is not log, witness, group or quorum")
    take[words[0]](words)


def format_policy(policy: Policy) -> str:
    """Write a policy.

    Raises:
        DataError: a name or an address in it cannot be written, or the policy contradicts itself.
    """
    lines = [f"log {log.key} {log.url}".rstrip(" ") for log in policy.logs]
    lines += [f"witness {one.name} {one.key} {one.url}".rstrip(" ") for one in policy.witnesses]
    lines += [f"group {group.name} {group.k} {' '.join(group.members)}" for group in policy.groups]
    text = "".join(f"{line}\n" for line in (*lines, f"quorum {policy.quorum}"))
    # Read back, because a name with a space or an address with a newline would write another policy than this one.
    if parse_policy(text) != policy:
        raise DataError("the policy cannot be written: a name or an address in it has a space or a newline")
    return text
