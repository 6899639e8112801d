"""`doseway evidence`: make and verify packs."""

from pathlib import Path

import rich_click as click

from doseway.cli.options import settings_at, store_option
from doseway.cli.talk import say, visible

FINDING = 1

EXAMPLE_PACK = """Example:

  doseway evidence pack 1 --out shipment.evidence.zip --store data
"""
EXAMPLE_VERIFY = """Example:

  doseway evidence verify shipment.evidence.zip --policy policy
"""


@click.group()
def evidence() -> None:
    """Packs that prove a judgement to an inspector, offline."""


@evidence.command(epilog=EXAMPLE_PACK)
@click.argument("packets", nargs=-1, required=True, type=click.IntRange(min=0), metavar="PACKET...")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The zip to write.")
@click.option("--title", default="", metavar="TEXT", help="What the pack is about; else the packets' numbers.")
@store_option
def pack(packets: tuple[int, ...], *, out: Path, title: str, store: Path | None) -> int:
    """Write one zip with the original bytes, the judgement, a report, and the proof of them.

    PACKET is the number that `doseway import` gave. The policy's witnesses are asked to cosign first.
    Exit code: 0, 1 written without the quorum that the policy asks for, 5 a witness contradicts this log.
    """
    from doseway.app.logbook import writing  # noqa: PLC0415  # loads the log
    from doseway.app.packing import pack_packets  # noqa: PLC0415  # loads the report engines

    settings = settings_at(store)
    named = title or f"packet {', '.join(map(str, packets))} of {settings.origin}"
    with writing(settings) as sequencer:
        packed = pack_packets(settings, sequencer, packets, named, out)
    say(f"Wrote {packed.path}, sealed as entry {packed.seal} under a checkpoint of {packed.checkpoint_size} entries.")
    if packed.gathered is None:
        say("No witness cosigned it: the policy names none. `doseway evidence verify` will say NOT WITNESSED.")
    else:
        for outcome in packed.gathered.outcomes:
            why = "" if packed.gathered.is_met else f", {visible(outcome.detail)}"
            say(f"  witness {outcome.witness}: {outcome.status}{why}")
        if not packed.gathered.is_met:
            say("The policy's quorum is NOT met: `doseway evidence verify` will say NOT WITNESSED. Pack again later.")
            return FINDING
    return 0


@evidence.command(
    epilog=EXAMPLE_VERIFY, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True}
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="PACK")
@click.option(
    "--policy",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Your own copy of the policy; without it the pack's own is used, which proves less.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def verify(file: Path, *, policy: Path | None, as_json: bool) -> int:
    """Check a pack: hashes, signatures, witnesses, proofs, and the judgement once more from the raw readings.

    This is the stand-alone verifier that is inside each pack; `python verify.py PACK` does the same without Doseway.
    Exit code: 0 VERIFIED, 1 VERIFIED WITH GAPS, 2 NOT WITNESSED, 3 TAMPERED.
    """
    from doseway.evidence import verify as verifier  # noqa: PLC0415  # only this command needs it

    arguments = [str(file)]
    arguments += ["--policy", str(policy)] if policy else []
    arguments += ["--json"] if as_json else []
    return verifier.main(arguments)
