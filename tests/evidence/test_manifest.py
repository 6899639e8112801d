"""The manifest: canonical, complete, and with a digest that ties the contents to the log."""

import json

from doseway.evidence.manifest import FileEntry, Heading, contents_sha256, encode_manifest
from doseway.model.canonical import encode

HEADING = Heading(title="Übergabe 4711", software="Doseway test", made_at_ms=1_764_000_000_000)
FILES = {"report.html": FileEntry("aa" * 32, 5), "log/checkpoint": FileEntry("bb" * 32, 6)}


def test_the_manifest_is_canonical_json_with_its_schema() -> None:
    data = encode_manifest(HEADING, FILES)
    manifest = json.loads(data)
    assert encode(manifest) == data
    assert manifest["schema"] == "doseway-evidence/1"
    assert manifest["made_at"] == "2025-11-24T16:00:00.000Z"
    assert manifest["files"]["log/checkpoint"] == {"sha256": "bb" * 32, "size": 6}


def test_the_digest_leaves_out_the_log_and_the_proofs_and_nothing_else() -> None:
    whole = contents_sha256(HEADING, FILES)
    assert whole == contents_sha256(HEADING, {**FILES, "proofs/1.tlog-proof": FileEntry("cc" * 32, 7)})
    assert whole != contents_sha256(HEADING, {**FILES, "keys/a": FileEntry("cc" * 32, 7)})
    assert whole != contents_sha256(HEADING, {"report.html": FileEntry("aa" * 32, 6)})
    other = Heading(title="Übergabe 4712", software=HEADING.software, made_at_ms=HEADING.made_at_ms)
    assert whole != contents_sha256(other, FILES)
