"""The whole way once: import the example files, have them witnessed by a second process, pack, verify, tamper."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

from doseway.app import logbook
from doseway.app.importing import Imported, import_file
from doseway.app.inspecting import files_under, how
from doseway.app.packing import pack_packets
from doseway.app.settings import Settings
from doseway.app.verification import verify_store
from doseway.model.errors import DosewayError, Unavailable

Say = Callable[[str], None]

WITNESS: Final = "witness.example/demo"
ORIGIN: Final = "doseway.example/demo"
_START_S: Final = 30
_VERIFY_S: Final = 300
_TAMPERED: Final = 3


class DemoFailed(DosewayError):
    """A step of the demonstration did not end as it should."""

    code = "demo"
    exit_code = 1


def run_files(folder: Path, say: Say) -> None:
    """Run the demonstration in a new folder.

    Raises:
        DemoFailed: something did not end as expected; says what.
    """
    folder.mkdir()
    settings = Settings(store=folder / "log", origin=ORIGIN)
    say("1. Import: the bytes first, then what they say, then the judgement; each step durable")
    imported = _import(settings, say)
    with witnessing(folder / "witness", settings) as policy_lines:
        say(f"2. Witness: a second process, {WITNESS}, watches the log")
        set_policy(settings, policy_lines)
        say("3. Pack: seal the case in the log, have the checkpoint cosigned, write one zip")
        pack = _pack(settings, imported, folder, say)
    say("4. Verify: the pack's own verify.py in plain Python, with no Doseway, against a pinned policy")
    expect(verify_apart(pack, settings), {0, 1}, say)
    say("5. Attack: one byte of one reading is changed in a copy of the pack")
    expect(verify_apart(_tampered(pack), settings), {_TAMPERED}, say)
    report = verify_store(settings)
    if not report.is_sound:
        raise DemoFailed(f"the log is not sound: {report.findings[0].what}")
    say(f"6. Log: {report.size} entries checked again from the raw bytes: sound")


def example_files() -> tuple[list[Path], Path]:
    """Return the example files and the key that signed them, from the installation or the source tree.

    Raises:
        Unavailable: they are in neither place.
    """
    for folder in (Path(str(files("doseway"))) / "examples", Path(__file__).parents[3] / "examples"):
        if (folder / "files").is_dir():
            return files_under([folder / "files"]), folder / "issuer.pub"
    raise Unavailable("the example files are not installed", hint="Install Doseway from its wheel or source tree.")


def _import(settings: Settings, say: Say) -> list[Imported]:
    paths, issuer = example_files()
    how_to = how(settings, issuers=[issuer], zone="UTC")
    with logbook.writing(settings) as sequencer:
        imported = [import_file(sequencer, path, how_to) for path in paths]
    for one in imported:
        if one.inspection is None:
            raise DemoFailed(f"{Path(one.file).name} was rejected: {one.error}")
        signature = one.inspection.recording.signature.status.value
        say(f"   {Path(one.file).name:<34} {signature:<15} {one.inspection.verdict.value}")
    return imported


@contextmanager
def witnessing(folder: Path, settings: Settings) -> Iterator[str]:
    """Run a witness in a process of its own; gives the policy's lines for it."""
    folder.mkdir()
    with logbook.reading(settings) as log:
        vkey = str(log.keys()[-1])
    command = [sys.executable, "-m", "doseway", "witness", "serve", "--name", WITNESS, "--store", str(folder)]
    with subprocess.Popen(  # noqa: S603  # our own interpreter and arguments
        [*command, "--log", vkey], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            witness_vkey = process.stdout.readline().strip()
            told = process.stderr.readline().strip()
            if not told.startswith("Witness "):
                raise DemoFailed(f"the witness did not start: {told}")
            yield f"witness demo {witness_vkey} {told.rpartition(' ')[2]}\nquorum demo\n"
        finally:
            process.terminate()
            process.wait(_START_S)


def set_policy(settings: Settings, lines: str) -> None:
    """Put a witness's lines into the policy of a log."""
    path = logbook.policy_path(settings)
    kept = [line for line in logbook.policy_text(settings).splitlines() if line.startswith("log ")]
    path.write_text("\n".join([*kept, lines]), encoding="utf-8")


def _pack(settings: Settings, imported: list[Imported], folder: Path, say: Say) -> Path:
    worst = max(imported, key=lambda one: one.inspection.verdict.rank if one.inspection else -1)
    out = folder / "demo.evidence.zip"
    with logbook.writing(settings) as sequencer:
        packed = pack_packets(settings, sequencer, [worst.packet], Path(worst.file).name, out)
    assert packed.gathered is not None
    if not packed.gathered.is_met:
        raise DemoFailed(f"the witness did not cosign: {packed.gathered.outcomes[0].detail}")
    say(f"   {out.name}: {out.stat().st_size:,} bytes, sealed as entry {packed.seal}, cosigned by {WITNESS}")
    return out


def verify_apart(pack: Path, settings: Settings) -> subprocess.CompletedProcess[str]:
    """Run the verifier that is inside the pack, with nothing of ours on its path."""
    verifier = pack.with_suffix(".verify.py")
    with zipfile.ZipFile(pack) as archive:
        verifier.write_bytes(archive.read("verify.py"))
    policy = pack.with_suffix(".policy")
    shutil.copy(logbook.policy_path(settings), policy)
    command = [sys.executable, "-I", "-S", str(verifier), str(pack), "--policy", str(policy)]
    return subprocess.run(command, capture_output=True, text=True, timeout=_VERIFY_S, check=False)  # noqa: S603  # ours


def expect(run: subprocess.CompletedProcess[str], codes: set[int], say: Say) -> None:
    """Show what the verifier said. Raises DemoFailed for another exit code than expected."""
    for line in run.stdout.splitlines():
        say(f"   {line}")
    if run.returncode not in codes:
        raise DemoFailed(f"the verifier ended with {run.returncode}: {run.stderr[-500:]}")


def _tampered(pack: Path) -> Path:
    """Return a copy in which one digit of one reading is another."""
    copy = pack.with_name("tampered.evidence.zip")
    with zipfile.ZipFile(pack) as source, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            if name.startswith("readings/"):
                data = data[:-2] + (b"1" if data[-2:-1] != b"1" else b"2") + data[-1:]
            target.writestr(name, data)
    return copy
