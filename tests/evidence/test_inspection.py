"""Inspections: the JSON object that scripts rely on, and a proposal that an altered file cannot improve."""

import json
from typing import Any

import msgspec
import pytest

from doseway.coldchain.judgement import Judgement, Verdict
from doseway.evidence.inspection import Inspection, propose
from doseway.model.readings import Device, Recording, SignatureCheck, SignatureStatus

Desk = Any


@pytest.fixture
def inspection(excursion_desk: Desk) -> Inspection:
    found: Inspection = excursion_desk.packets[0].judged[0].inspection
    return found


def judged(verdict: Verdict) -> Judgement:
    return Judgement(profile_id="p", verdict=verdict, reasons=("because",), statistics=())


def test_the_json_has_the_promised_keys_and_survives_json(inspection: Inspection) -> None:
    plain = inspection.to_json()
    assert list(plain)[:14] == [
        *("file", "format", "signature", "readings", "sensor", "observed", "coverage"),
        *("mean_c", "mkt_c", "min_c", "max_c", "valid", "invalid", "contradictory"),
    ]
    assert {"episodes", "verdict", "reasons"} <= plain.keys()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["signature"] == "unsigned"
    assert plain["readings"] == 50
    assert plain["observed"] == {"from": "2024-03-01T08:00:00+01:00", "to": "2024-03-01T18:10:00+01:00"}
    assert plain["max_c"] == 12.4
    assert plain["verdict"] == "reject"
    assert plain["episodes"][0]["start"].endswith("+01:00")


def test_a_file_without_readings_has_nulls_and_not_zeros() -> None:
    recording = Recording(
        format="x",
        format_version=1,
        device=Device(),
        series=(),
        signature=SignatureCheck(status=SignatureStatus.GENUINE),
    )
    one = Inspection(
        file="f", size_bytes=1, sha256="", recording=recording, judgement=judged(Verdict.UNDECIDED), limits={}
    )
    plain = one.to_json()
    assert [plain[key] for key in ("observed", "coverage", "mean_c", "mkt_c", "min_c", "max_c")] == [None] * 6
    assert one.has_finding


@pytest.mark.parametrize("status", SignatureStatus)
@pytest.mark.parametrize("verdict", Verdict)
def test_an_altered_file_is_never_better_than_undecided(status: SignatureStatus, verdict: Verdict) -> None:
    found = propose(judged(verdict), status)
    assert found.verdict.rank >= verdict.rank
    if status is SignatureStatus.ALTERED:
        assert found.verdict.rank >= Verdict.UNDECIDED.rank
        assert "altered" in found.reasons[0]
    else:
        assert found.verdict is verdict
        assert found.reasons == ("because",)


def test_a_contradiction_is_at_least_undecided_and_comes_first() -> None:
    found = propose(judged(Verdict.WITHIN_LABEL), SignatureStatus.UNSIGNED, ("The days say otherwise.",))
    assert found.verdict is Verdict.UNDECIDED
    assert found.reasons == ("The days say otherwise.", "because")


def test_only_a_sound_file_within_its_label_is_no_finding(inspection: Inspection) -> None:
    signed = msgspec.structs.replace(
        inspection.recording, signature=SignatureCheck(status=SignatureStatus.GENUINE, is_expected=True)
    )
    good = msgspec.structs.replace(inspection, recording=signed, judgement=judged(Verdict.WITHIN_LABEL))
    assert not good.has_finding
    assert inspection.has_finding
