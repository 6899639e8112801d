"""Gathering cosignatures: ask every witness of a policy, believe none of them, and say what each one answered.

The rules for one witness (C2SP tlog-witness v1.0.0): send the checkpoint with a proof from the size that the witness
is believed to hold; on 409 ask again from the size that it names; on 200 verify the cosignature under the pinned key
before it is counted; on 422 raise an alarm, for a witness that refuses a proof of ours has seen another history.

Nothing here opens a socket: a `WitnessPort` carries the bytes, and every wait is bounded.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint, open_checkpoint
from doseway.ledger.merkle import HashReader
from doseway.ledger.note import NoteSignature, SignedNote, VerifierKey, format_note, open_note, parse_note
from doseway.ledger.policy import Policy
from doseway.ledger.witness import SIZE_TYPE, WitnessReply, add_checkpoint_request
from doseway.model.errors import DataError, ForkedLog, IntegrityError, RolledBack, SignatureInvalid, Unavailable

Status = Literal["cosigned", "refused", "alarm", "unreachable"]

MAX_REQUESTS: Final = 5
"""Requests to one witness for one checkpoint, resynchronisations and repetitions together."""
MAX_AHEAD_S: Final = 300
"""A cosignature from further in the future is not counted: verifiers refuse it."""

_SIZE_BODY: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n")
_OK: Final = 200
_CONFLICT: Final = 409
_INCONSISTENT: Final = 422
_TRY_LATER: Final = frozenset({429, 500, 502, 503, 504})


class WitnessPort(Protocol):
    """The way to one witness."""

    @property
    def name(self) -> str:
        """The name that the policy gives it."""

    @property
    def key(self) -> VerifierKey:
        """The pinned key under which its cosignatures must verify."""

    def add_checkpoint(self, request: bytes) -> WitnessReply:
        """Send an `add-checkpoint` request.

        Raises:
            Unavailable: no complete answer came within the port's time and size limits.
        """

    def latest(self, origin: str) -> bytes | None:
        """Fetch the checkpoint that the witness cosigned last; None when it has none.

        Raises:
            Unavailable: no complete answer came within the port's time and size limits.
        """


@dataclass(frozen=True)
class Alarm:
    """A witness contradicts the log: a fork or a rollback is suspected, or proven.

    Attributes:
        kind: `forked`: the witness holds a checkpoint that this log signed and that is not of its history;
            `rolled-back`: it holds a larger tree than the log has; `refused`: it refuses the proof and does not show
            what it holds.
        our_size, our_root: the checkpoint that was to be cosigned.
        their_size, their_root: what the witness holds, as far as it says; None where it does not.
        is_proven: True when what it holds carries the log's own valid signature.
        evidence: the note that it holds; empty where it does not show it.
    """

    witness: str
    kind: Literal["forked", "rolled-back", "refused"]
    our_size: int
    our_root: bytes
    their_size: int | None = None
    their_root: bytes | None = None
    is_proven: bool = False
    evidence: bytes = b""

    def error(self) -> IntegrityError:
        """Return the error to raise: `RolledBack` or `ForkedLog`, with both sizes and roots."""
        theirs = "an unknown size" if self.their_size is None else f"size {self.their_size}"
        root = f", root {self.their_root.hex()}" if self.their_root else ""
        what = (
            f"witness {self.witness} does not confirm this log ({self.kind}): "
            f"here size {self.our_size}, root {self.our_root.hex()}; there {theirs}{root}"
        )
        kind = RolledBack if self.kind == "rolled-back" else ForkedLog
        return kind(what, hint="Stop writing, keep both checkpoints, and run `doseway log verify`.")


@dataclass(frozen=True)
class Outcome:
    """What one witness answered, in a word and in a sentence.

    Attributes:
        held_size: the size that the witness holds now, as far as is known; pass it to the next `gather`.
        signatures: verified cosignatures.
        requests: how many requests it took.
    """

    witness: str
    status: Status
    detail: str
    held_size: int | None = None
    signatures: tuple[NoteSignature, ...] = ()
    time_s: int | None = None
    requests: int = 0
    alarm: Alarm | None = None


@dataclass(frozen=True)
class Gathered:
    """A checkpoint with the cosignatures that came, and what each witness answered.

    Attributes:
        note: the checkpoint with the log's signatures and every verified cosignature.
        is_met: whether the policy's quorum is reached.
    """

    checkpoint: Checkpoint
    note: bytes
    is_met: bool
    outcomes: tuple[Outcome, ...]

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """The alarms that witnesses raised; one is enough to stop."""
        return tuple(outcome.alarm for outcome in self.outcomes if outcome.alarm is not None)

    @property
    def held_sizes(self) -> dict[str, int]:
        """The size that each witness holds, as far as is known: the hint for the next round."""
        return {outcome.witness: outcome.held_size for outcome in self.outcomes if outcome.held_size is not None}


@dataclass(frozen=True)
class _Question:
    """One checkpoint on its way to the witnesses."""

    checkpoint: Checkpoint
    note: SignedNote
    log_keys: Sequence[VerifierKey]
    read: HashReader
    now_s: int
    pause: Callable[[float], None] = field(repr=False)

    @property
    def data(self) -> bytes:
        return format_note(self.note)


def gather(
    note: bytes,
    *,
    origin: str,
    policy: Policy,
    witnesses: Sequence[WitnessPort],
    read: HashReader,
    save: Callable[[bytes], object],
    now_s: int,
    held_sizes: Mapping[str, int] | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Gathered:
    """Ask all witnesses side by side to cosign a checkpoint, and save it once the policy's quorum is met.

    Rounds of one log must not overlap: to the older of two, a witness that has seen the newer looks like a rollback.

    Args:
        note: the checkpoint, signed by the log; cosignatures that it already carries are kept where they verify.
        origin: the log's origin line.
        policy: holds the log's keys, the witnesses' keys and the quorum.
        witnesses: the ways to them; a cosignature counts only if the port's key is that of a witness in the policy.
        read: the hashes of the log's own tree, from which proofs are made.
        save: takes the cosigned note; called once, before return, and only when the quorum is met.
        now_s: the time, Unix seconds.
        held_sizes: the size that each witness held last, by name; a wrong or missing one costs one more request.
        pause: waits for seconds between repetitions.

    Returns:
        The note, whether the quorum is met, and the answer of each witness. A witness's alarm does not stop the
        others; the caller raises `alarm.error()`.

    Raises:
        SignatureInvalid: the log's own signature is not valid: nothing is sent.
        DataError: the note is no checkpoint of `origin`.
    """
    log_keys = tuple(policy.log_keys(origin))
    checkpoint, opened = open_checkpoint(note, origin, log_keys)
    signed_by = {(verified.key.name, verified.key.key_id) for verified in opened.signatures}
    parsed = parse_note(note)
    own = tuple(line for line in parsed.signatures if (line.name, line.key_id) in signed_by)
    question = _Question(checkpoint, SignedNote(parsed.text, own), log_keys, read, now_s, pause)
    outcomes = (*_ask_all(question, witnesses, held_sizes or {}), *_without_a_way(policy, witnesses))
    full, cosigners = _cosigned(question.note, parsed, outcomes, policy, witnesses)
    is_met = _is_met(full, origin, log_keys, cosigners, policy)
    if is_met:
        save(full)
    return Gathered(checkpoint, full, is_met, outcomes)


def _cosigned(
    own: SignedNote,
    parsed: SignedNote,
    outcomes: Sequence[Outcome],
    policy: Policy,
    witnesses: Sequence[WitnessPort],
) -> tuple[bytes, list[VerifierKey]]:
    """Return the note with every cosignature that verifies, those it had and those that came, and their keys."""
    trusted = (*(port.key for port in witnesses), *(witness.key for witness in policy.witnesses))
    pinned = {(key.name, key.key_id): key for key in trusted}
    fresh = (line for outcome in outcomes for line in outcome.signatures)
    cosignatures = {(line.name, line.key_id): line for line in (*_still_valid(parsed, pinned), *fresh)}
    full = format_note(SignedNote(parsed.text, (*own.signatures, *cosignatures.values())))
    return full, [pinned[line] for line in cosignatures]


def _ask_all(
    question: _Question, witnesses: Sequence[WitnessPort], held_sizes: Mapping[str, int]
) -> tuple[Outcome, ...]:
    if not witnesses:
        return ()
    with ThreadPoolExecutor(max_workers=len(witnesses), thread_name_prefix="witness") as pool:
        return tuple(pool.map(lambda port: _ask(question, port, held_sizes.get(port.name, 0)), witnesses))


def _without_a_way(policy: Policy, witnesses: Sequence[WitnessPort]) -> Iterator[Outcome]:
    """Name the policy's witnesses that nobody asked, so that no missing cosignature goes unexplained."""
    asked = {port.key for port in witnesses}
    for witness in policy.witnesses:
        if witness.key not in asked:
            yield Outcome(witness.name, "unreachable", "was not asked: the policy gives no URL of it")


def _is_met(
    note: bytes, origin: str, log_keys: Sequence[VerifierKey], cosigners: Sequence[VerifierKey], policy: Policy
) -> bool:
    """Verify the finished note as any reader would, instead of trusting the bookkeeping above."""
    _, opened = open_checkpoint(note, origin, [*log_keys, *cosigners])
    return policy.is_met_by([verified.key for verified in opened.signatures])


def _still_valid(note: SignedNote, pinned: Mapping[tuple[str, bytes], VerifierKey]) -> tuple[NoteSignature, ...]:
    """Pick the cosignatures that a note already carries and that verify; an invalid one is asked for again."""
    return tuple(
        line
        for line in note.signatures
        if (key := pinned.get((line.name, line.key_id))) is not None and _time_of(note.text, line, key) is not None
    )


def _time_of(text: str, line: NoteSignature, key: VerifierKey) -> int | None:
    """Return the time of a cosignature that verifies; None for one that does not."""
    try:
        opened = open_note(format_note(SignedNote(text, (line,))), [key])
    except (DataError, IntegrityError):
        return None
    return opened.signatures[0].timestamp


def _ask(question: _Question, port: WitnessPort, held_size: int) -> Outcome:
    """Run the dialogue with one witness; every way through it ends after `MAX_REQUESTS` requests."""
    ours = question.checkpoint
    old_size = held_size if held_size <= ours.size else 0
    wait_s = 0.25
    problem = ""
    for number in range(1, MAX_REQUESTS + 1):
        proof = merkle.consistency_proof(old_size, ours.size, question.read) if old_size else []
        try:
            reply = port.add_checkpoint(add_checkpoint_request(old_size, proof, question.data))
        except Unavailable as error:
            problem = str(error)
        else:
            if reply.status == _CONFLICT:
                held = _held_size(reply)
                if _is_contradiction(held, old_size, ours.size):
                    return _alarm(question, port, old_size if held is None else held, number)
                if held is None:
                    return Outcome(port.name, "refused", "answered 409 without the size that it holds", requests=number)
                old_size, problem = held, f"kept answering 409, at last with size {held}"
                continue
            if reply.status not in _TRY_LATER:
                return _conclude(question, port, reply, old_size, number)
            problem = f"answered {reply.status}: {_excerpt(reply.body)}"
        if number < MAX_REQUESTS:
            question.pause(wait_s)
            wait_s *= 2
    return Outcome(port.name, "unreachable", problem, requests=MAX_REQUESTS)


def _is_contradiction(held: int | None, old_size: int, our_size: int) -> bool:
    """Tell a 409 that asks for another proof from one that contradicts the log.

    Witnesses from before tlog-witness v1.0.0 answer 409, with or without a size, where two roots of one size differ.
    """
    if held is not None and held > our_size:
        return True
    return old_size == our_size and held in (None, our_size)


def _conclude(question: _Question, port: WitnessPort, reply: WitnessReply, old_size: int, number: int) -> Outcome:
    """Turn a final answer into an outcome."""
    if reply.status == _INCONSISTENT:
        return _alarm(question, port, old_size, number)
    if reply.status != _OK:
        return Outcome(port.name, "refused", f"answered {reply.status}: {_excerpt(reply.body)}", requests=number)
    try:
        signatures, time_s = _verified(question, port.key, reply.body)
    except (DataError, IntegrityError) as error:
        return Outcome(port.name, "refused", f"answered 200 with no good cosignature: {error}", requests=number)
    size = question.checkpoint.size
    return Outcome(port.name, "cosigned", f"cosigned size {size}", size, signatures, time_s, number)


def _verified(question: _Question, key: VerifierKey, body: bytes) -> tuple[tuple[NoteSignature, ...], int]:
    """Take the lines that verify under the pinned key; lines of other keys are ignored, as the specification wants."""
    text = question.note.text
    answer = parse_note(text.encode() + b"\n" + body)
    if answer.text != text:
        raise DataError("the answer holds more than signature lines")
    lines = tuple(line for line in answer.signatures if (line.name, line.key_id) == (key.name, key.key_id))[:1]
    if not lines:
        raise DataError(f"no signature line is by {key.name}")
    opened = open_note(format_note(SignedNote(text, lines)), [key])
    time_s = opened.signatures[0].timestamp
    if not time_s:
        raise DataError("the cosignature carries no time")
    if time_s > question.now_s + MAX_AHEAD_S:
        raise DataError(
            f"the cosignature's time lies {time_s - question.now_s} s in the future", hint="Set the clocks."
        )
    return lines, time_s


def _held_size(reply: WitnessReply) -> int | None:
    match = _SIZE_BODY.fullmatch(reply.body)
    return int(match[1]) if match and reply.content_type == SIZE_TYPE else None


def _alarm(question: _Question, port: WitnessPort, held_size: int, requests: int) -> Outcome:
    """Ask what the witness holds and compare it with our own tree."""
    ours = question.checkpoint
    evidence, theirs = b"", None
    try:
        evidence = port.latest(ours.origin) or b""
        theirs, _ = open_checkpoint(evidence, ours.origin, question.log_keys)
    except (DataError, SignatureInvalid, Unavailable):
        # Whatever it shows instead of a checkpoint of this log proves nothing; the alarm stands without it.
        theirs = None
    size = held_size if theirs is None else theirs.size
    kind = _kind(question, size, theirs)
    alarm = Alarm(
        witness=port.name,
        kind=kind,
        our_size=ours.size,
        our_root=ours.root,
        their_size=size,
        their_root=None if theirs is None else theirs.root,
        is_proven=theirs is not None and kind != "refused",
        evidence=evidence if theirs is not None else b"",
    )
    return Outcome(port.name, "alarm", alarm.error().what, size, requests=requests, alarm=alarm)


def _kind(question: _Question, size: int, theirs: Checkpoint | None) -> Literal["forked", "rolled-back", "refused"]:
    if size > question.checkpoint.size:
        return "rolled-back"
    if theirs is None or theirs.root == merkle.root_of(theirs.size, question.read):
        return "refused"
    return "forked"


def _excerpt(body: bytes) -> str:
    """Show an answer's first line; it comes from outside, so only printable characters pass."""
    line = body[:200].decode("utf-8", "replace").split("\n", 1)[0]
    return "".join(character for character in line if character.isprintable()) or "(no reason given)"
