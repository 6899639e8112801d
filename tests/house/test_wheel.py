"""What users install is the wheel: it holds everything, and runs without the source tree."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path(UV).exists(), reason="uv is not installed; `make test-slow` brings it"),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([UV, "build", "--wheel", "--out-dir", str(out), str(ROOT)], check=True, capture_output=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare environment with the wheel and what it depends on, pinned as in uv.lock."""
    folder = tmp_path_factory.mktemp("bare")
    pins = folder / "pins.txt"
    export = [UV, "export", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes", "--project", str(ROOT)]
    pins.write_text(subprocess.run(export, check=True, capture_output=True, text=True).stdout)
    subprocess.run([UV, "venv", "--python", sys.executable, str(folder / "env")], check=True, capture_output=True)
    install = [UV, "pip", "install", "--python", str(folder / "env"), "--constraint", str(pins), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    return folder / "env" / "bin" / "doseway"


def test_the_wheel_holds_profiles_templates_examples_and_the_verifier(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "doseway/coldchain/profiles/usp-cct.toml",
        "doseway/model/watches/standard.toml",
        "doseway/evidence/verify.py",
        "doseway/examples/issuer.pub",
        "doseway/py.typed",
        "doseway/ui/static/app.js",
        "doseway/ui/static/page.css",
        "doseway/ui/static/THIRD-PARTY.txt",
        "doseway/ui/templates/base.html",
        "doseway/ui/locale/es/LC_MESSAGES/doseway.mo",
    ):
        assert name in names
    assert any(name.startswith("doseway/evidence/templates/") for name in names)
    assert not any(name.startswith(("tests/", "docs/", "web/")) for name in names)


def test_a_source_distribution_brings_the_pages_and_needs_no_node(tmp_path: Path) -> None:
    subprocess.run([UV, "build", "--sdist", "--out-dir", str(tmp_path), str(ROOT)], check=True, capture_output=True)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        names = archive.getnames()
        assert not any("/web/" in name for name in names)
        archive.extractall(tmp_path / "unpacked", filter="data")
    tree = next((tmp_path / "unpacked").iterdir())
    # The hook asks for Node only where `web/` is, and here it is not.
    subprocess.run([UV, "build", "--wheel", "--out-dir", str(tmp_path), str(tree)], check=True, capture_output=True)
    assert "doseway/ui/static/app.js" in zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()


def test_the_demonstration_runs_from_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANG": os.environ.get("LANG", "C.UTF-8")}
    command = [str(installed), "demo", "--check"]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-3_000:] + ran.stderr
    assert "expected alerts, and no other" in ran.stdout
