"""OsmAnd, ONE Record, JSON by a mapping, SenML and Tive's alerts: samples, and each of their traps."""

import json
from typing import Any

import pytest
from examples.messages import (
    CARGO,
    ISO,
    ISO_MS,
    MAPPING,
    ONE_RECORD,
    OSMAND,
    QUERY,
    RECEIVED_MS,
    RECORDER,
    SENML,
    TIVE_ALERT,
    changed,
)
from tests.intake.messages.conftest import Decode
from tests.intake.messages.recordings_kit import codes, times, values

from doseway.model.errors import DataError, FormatError, UnitError, UsageError
from doseway.model.readings import Quantity


class TestOsmandQuery:
    def test_the_documented_query(self, decode: Decode) -> None:
        (recording,) = decode("osmand", QUERY)
        assert recording.device.serial == "861001000719969"
        assert times(recording, "temp1") == [ISO_MS]
        (fix,) = recording.fixes
        assert (fix.latitude_udeg, fix.accuracy_mm, fix.course_mdeg) == (40_723_300, 12_000, 7_200)
        assert values(recording, "battery", Quantity.BATTERY) == [87_000]

    def test_speed_is_in_knots_or_as_declared(self, decode: Decode) -> None:
        assert decode("osmand", QUERY)[0].fixes[0].speed_mm_s == 20_578
        assert decode("osmand", QUERY, mapping={"speed_unit": "km/h"})[0].fixes[0].speed_mm_s == 11_111

    @pytest.mark.parametrize(
        ("stamp", "at_ms"),
        [
            (b"1789999980", ISO_MS),
            (b"1789999980000", ISO_MS),
            (b"2147483646", 2_147_483_646_000),
            (b"2147483647", None),  # milliseconds of January 1970: a clock that was never set
            (b"2026-09-21T14:13:00Z", ISO_MS),
            (b"2026-09-21T16:13:00%2B02:00", ISO_MS),
        ],
    )
    def test_times(self, decode: Decode, stamp: bytes, at_ms: int | None) -> None:
        (recording,) = decode("osmand", b"id=1&temp1=4.5&timestamp=" + stamp)
        assert times(recording, "temp1") == [RECEIVED_MS if at_ms is None else at_ms]

    def test_a_local_time_is_read_in_the_declared_zone_else_as_utc_and_said_so(self, decode: Decode) -> None:
        query = b"id=1&temp1=4.5&timestamp=2026-09-21%2014:13:00"
        (recording,) = decode("osmand", query, zone="Europe/Zurich")
        assert times(recording, "temp1") == [ISO_MS - 7_200_000]
        assert (recording.zone, recording.offset_minutes, codes(recording)) == ("Europe/Zurich", 120, [])
        (recording,) = decode("osmand", query)
        assert times(recording, "temp1") == [ISO_MS]
        assert (recording.zone, codes(recording)) == ("undeclared", ["zone-undeclared"])

    def test_a_local_time_that_occurs_twice_is_noted(self, decode: Decode) -> None:
        query = b"id=1&temp1=4.5&timestamp=2025-10-26%2002:30:00"
        (recording,) = decode("osmand", query, zone="Europe/Zurich")
        assert "zone-ambiguous" in codes(recording)

    def test_without_a_time_the_arrival_is_taken_and_said_so(self, decode: Decode) -> None:
        (recording,) = decode("osmand", b"id=1&temp1=4.5")
        assert (times(recording, "temp1"), codes(recording)) == ([RECEIVED_MS], ["arrival-time"])

    def test_without_coordinates_no_position_is_repeated(self, decode: Decode) -> None:
        assert decode("osmand", b"id=1&temp1=4.5&timestamp=1789999980")[0].fixes == ()

    def test_location_in_one_and_deviceid(self, decode: Decode) -> None:
        (recording,) = decode("osmand", b"deviceid=7&location=47.5,8.5&timestamp=1789999980&valid=1")
        assert (recording.device.serial, recording.fixes[0].longitude_udeg) == ("7", 8_500_000)

    def test_an_invalid_fix_and_an_accuracy_of_0(self, decode: Decode) -> None:
        assert decode("osmand", b"id=7&lat=1&lon=2&valid=false")[0].fixes == ()
        assert decode("osmand", b"id=7&lat=1&lon=2&accuracy=0")[0].fixes[0].accuracy_mm is None

    @pytest.mark.parametrize(
        ("query", "words"),
        [
            (b"lat=1&lon=2", "no device"),
            (b"id=7&lat=a&lon=2", "lat is 'a', not a number"),
            (b"id=7&lat=nan&lon=2", "not a number"),
            (b"id=7&lat=1e999&lon=2", "not a number"),
            (b"id=7&lat=91&lon=2", "no place on the Earth"),
            (b"id=7&timestamp=soon", "no timestamp"),
            (b"id=7&timestamp=2026-13-41T00:00:00Z", "no ISO 8601"),
            (b"id=%00&lat=1&lon=2", "no name of a device"),
            (b"\xff\xfe", "UTF-8"),
            (b"  \n ", "empty"),
            (b"&".join(b"a%d=1" % index for index in range(300)), "no query string"),
        ],
    )
    def test_what_is_wrong_is_said(self, decode: Decode, query: bytes, words: str) -> None:
        with pytest.raises(FormatError, match=words):
            decode("osmand", query)

    def test_several_lines(self, decode: Decode) -> None:
        assert len(decode("osmand", QUERY + b"\n" + b"id=2&lat=1&lon=2")) == 2
        with pytest.raises(FormatError, match="line 2: message 2: no device"):
            decode("osmand", QUERY + b"\nlat=1&lon=2")


class TestOsmandJson:
    def test_speed_is_in_metres_a_second_and_the_battery_from_0_to_1(self, decode: Decode) -> None:
        (recording,) = decode("osmand", OSMAND)
        assert (recording.fixes[0].speed_mm_s, recording.fixes[0].accuracy_mm) == (3_000, 5_000)
        assert values(recording, "battery", Quantity.BATTERY) == [55_000]
        assert values(recording, "temp1") == [4_600]
        assert [signal.kind for signal in recording.signals] == ["sos"]

    def test_negative_is_unknown(self, decode: Decode) -> None:
        message = changed(OSMAND, location__battery={"level": -1}, location__coords__speed=-1)
        (recording,) = decode("osmand", message)
        assert values(recording, "battery", Quantity.BATTERY) == []
        assert (recording.fixes[0].speed_mm_s, recording.fixes[0].course_mdeg) == (None, None)

    def test_a_position_that_software_set_is_marked(self, decode: Decode) -> None:
        assert decode("osmand", changed(OSMAND, location__mock=True))[0].fixes[0].is_mock is True
        assert decode("osmand", OSMAND)[0].fixes[0].is_mock is False

    def test_without_coords_no_position(self, decode: Decode) -> None:
        assert decode("osmand", changed(OSMAND, location__coords=None))[0].fixes == ()

    def test_several_locations(self, decode: Decode) -> None:
        message = OSMAND | {"location": [OSMAND["location"], OSMAND["location"] | {"timestamp": ISO_MS + 5}]}
        assert len(decode("osmand", message)[0].fixes) == 2

    def test_what_is_missing(self, decode: Decode) -> None:
        for body, words in (({"location": {}}, "device_id"), ({"device_id": "1"}, "location")):
            with pytest.raises(FormatError, match=words):
                decode("osmand", body)


def expanded() -> list[dict[str, Any]]:
    """The sample as expanded JSON-LD."""

    def full(value: Any) -> Any:
        if isinstance(value, dict):
            return {name.replace("cargo:", CARGO): full(one) for name, one in value.items() if name != "@context"}
        if isinstance(value, list):
            return [full(one) for one in value]
        return value.replace("cargo:", CARGO) if isinstance(value, str) else value

    def listed(value: Any) -> Any:
        if isinstance(value, list):
            return [listed(one) for one in value]
        if not isinstance(value, dict):
            return {"@value": value}
        if "@value" in value:
            return value
        return {
            name: (
                one if name == "@id" else [one] if name == "@type" else listed(one if isinstance(one, list) else [one])
            )
            for name, one in value.items()
        }

    return [listed(full(ONE_RECORD))]


def flattened() -> dict[str, Any]:
    """The sample as flattened JSON-LD: every node on its own, in an order that does not help."""
    nodes: list[dict[str, Any]] = []

    def lift(value: Any) -> Any:
        if isinstance(value, list):
            return [lift(one) for one in value]
        if not isinstance(value, dict) or "@type" not in value or "@value" in value:
            return value
        node_id = value.get("@id", f"_:b{len(nodes)}")
        node: dict[str, Any] = {"@id": node_id}
        nodes.append(node)
        node.update({name: lift(one) for name, one in value.items() if name not in {"@context", "@id"}})
        return {"@id": node_id}

    lift(ONE_RECORD)
    return {"@context": ONE_RECORD["@context"], "@graph": nodes[::-1]}


def by_vocabulary() -> Any:
    """The sample with a vocabulary in place of prefixes."""
    return json.loads(json.dumps(ONE_RECORD | {"@context": {"@vocab": CARGO}}).replace('"cargo:', '"'))


class TestOneRecord:
    @pytest.mark.parametrize("form", [lambda: ONE_RECORD, expanded, flattened, by_vocabulary])
    def test_compacted_expanded_and_flattened_say_the_same(self, decode: Decode, form: Any) -> None:
        (recording,) = decode("onerecord", form())
        assert (recording.device.serial, recording.device.model) == ("TPX14", "TPx14")
        assert values(recording, "TPx14-a") == [4_500]
        assert times(recording, "TPx14-a") == [ISO_MS]
        assert [(fix.latitude_udeg, fix.longitude_udeg) for fix in recording.fixes] == [(50_030_000, 8_570_000)]
        assert recording.notes == ()

    @pytest.mark.parametrize(
        ("code", "value", "milli"), [("FAH", 39.2, 4_000), ("KEL", 277.15, 4_000), ("CEL", 4, 4_000)]
    )
    def test_units(self, decode: Decode, code: str, value: float, milli: int) -> None:
        (recording,) = decode("onerecord", measured(value, code))
        assert values(recording, "TPx14-a") == [milli]

    def test_a_wrong_unit_is_refused_with_its_place(self, decode: Decode) -> None:
        with pytest.raises(UnitError, match="sensor TPx14-a, measurement 1: 'hPa' is no unit of temperature"):
            decode("onerecord", measured(4, "A97"))
        with pytest.raises(UnitError, match="'XYZ' is no known unit"):
            decode("onerecord", measured(4, "XYZ"))

    def test_a_time_without_a_zone(self, decode: Decode) -> None:
        document = measured(4, "CEL", "2026-09-21T14:13:00")
        (recording,) = decode("onerecord", document)
        assert (times(recording, "TPx14-a"), codes(recording)) == ([ISO_MS], ["zone-undeclared"])
        (recording,) = decode("onerecord", document, zone="+02:00")
        assert times(recording, "TPx14-a") == [ISO_MS - 7_200_000]

    def test_a_sensor_alone_is_the_device_and_said_so(self, decode: Decode) -> None:
        sensor = {"@context": ONE_RECORD["@context"], **ONE_RECORD["cargo:connectedSensors"][0]}
        (recording,) = decode("onerecord", sensor)
        assert recording.device.serial == "142NL"
        assert codes(recording) == ["device-unnamed"]

    def test_a_measurement_that_was_not_sent_is_noted(self, decode: Decode) -> None:
        document = changed(ONE_RECORD)
        document["cargo:connectedSensors"][0]["cargo:measurements"].append({"@id": "http://1r.example.com/m2"})
        (recording,) = decode("onerecord", document)
        assert codes(recording) == ["elsewhere"]

    def test_no_context_is_fetched(self, decode: Decode) -> None:
        with pytest.raises(
            FormatError, match=r"'https://example\.com/context' is not in the document.*fetches nothing"
        ):
            decode("onerecord", ONE_RECORD | {"@context": "https://example.com/context"})

    def test_no_sensor_no_recording(self, decode: Decode) -> None:
        with pytest.raises(FormatError, match="no cargo:Sensor"):
            decode("onerecord", {"@context": ONE_RECORD["@context"], "@type": "cargo:Piece"})

    def test_many_measurements_take_linear_time(self, decode: Decode) -> None:
        """Twenty thousand nodes are read within a test's patience."""
        document = changed(ONE_RECORD)
        one = document["cargo:connectedSensors"][0]["cargo:measurements"][0]
        document["cargo:connectedSensors"][0]["cargo:measurements"] = [one] * 5_000
        (recording,) = decode("onerecord", document)
        assert recording.readings == 5_000


def measured(value: float, code: str, stamp: str = ISO) -> dict[str, Any]:
    document: dict[str, Any] = changed(ONE_RECORD)
    measurement = document["cargo:connectedSensors"][0]["cargo:measurements"][0]
    measurement["cargo:measurementTimestamp"] = stamp
    measurement["cargo:measurementValue"] |= {"cargo:numericalValue": value, "cargo:unit": code}
    return document


class TestJson:
    def test_a_declared_mapping(self, decode: Decode) -> None:
        (recording,) = decode("json", RECORDER, mapping=MAPPING)
        assert (recording.device.serial, recording.device.model) == ("EN-7", "LOG 1")
        assert values(recording, "probe") == [4_000, None]
        assert times(recording, "probe") == [ISO_MS, ISO_MS - 600_000]
        assert values(recording, "rh", Quantity.HUMIDITY) == [51_000, 52_000]
        assert recording.fixes[0].latitude_udeg == 47_400_000

    @pytest.mark.parametrize(
        ("field", "stamp"),
        [
            ({"path": "ts", "format": "unix-s"}, ISO_MS // 1000),
            ({"path": "ts", "format": "unix-s"}, ISO_MS / 1000),
            ({"path": "ts", "format": "unix-ms"}, ISO_MS),
            ({"path": "ts"}, "2026-09-21T16:13:00+02:00"),
            ({"path": "ts", "format": "%d.%m.%Y %H:%M:%S", "zone": "Europe/Zurich"}, "21.09.2026 16:13:00"),
            ({"path": "ts", "format": "%d.%m.%Y %H:%M %z"}, "21.09.2026 16:13 +0200"),
        ],
    )
    def test_times(self, decode: Decode, field: dict[str, str], stamp: Any) -> None:
        (recording,) = decode("json", {"id": 7, "ts": stamp, "t": 4.5}, mapping=flat(time=field))
        assert times(recording, "t") == [ISO_MS]

    @pytest.mark.parametrize(
        ("message", "words"),
        [
            ({"ts": ISO, "t": 1}, "no device at id"),
            ({"id": "a", "t": 1}, "no time at ts"),
            ({"id": "a", "ts": 5, "t": 1}, "not a text"),
            ({"id": "a", "ts": "now", "t": 1}, "not written as 'iso'"),
        ],
    )
    def test_what_is_missing_is_named(self, decode: Decode, message: Any, words: str) -> None:
        with pytest.raises(FormatError, match=words):
            decode("json", message, mapping=flat())

    def test_a_value_that_is_no_number_is_unknown_and_an_absent_one_none(self, decode: Decode) -> None:
        no_numbers: tuple[Any, ...] = (None, "4.5", True, {}, [])
        for value in no_numbers:
            (recording,) = decode("json", {"id": "a", "ts": ISO, "t": value}, mapping=flat())
            assert values(recording, "t") == [None]
        (recording,) = decode("json", {"id": "a", "ts": ISO}, mapping=flat())
        assert recording.series == ()

    @pytest.mark.parametrize(
        "mapping",
        [
            None,
            {"device": "id"},
            {"values": [], "device": "id", "time": {"path": "ts"}},
            {"device": "id", "time": {"path": "ts"}, "values": [{"path": "t", "quantity": "temperature"}]},
            {"device": "id", "time": {"path": "ts"}, "values": [{"path": "t", "quantity": "humidity", "unit": "°C"}]},
            {"device": "id", "time": {"path": "ts"}, "values": [{"path": "t..x", "unit": "°C"}]},
            {"device": "id", "time": {"path": "ts", "zone": "Europe/Zurch"}, "values": [{"path": "t", "unit": "°C"}]},
            {"device": "i[x]", "time": {"path": "ts"}, "values": [{"path": "t", "unit": "°C"}]},
        ],
    )
    def test_a_mapping_that_says_too_little_or_wrong_things_is_refused(self, decode: Decode, mapping: Any) -> None:
        with pytest.raises(UsageError):
            decode("json", {"id": "a", "ts": ISO, "t": 1}, mapping=mapping)

    def test_an_error_names_the_record(self, decode: Decode) -> None:
        wrong = {"samples": [RECORDER["samples"][0], {"t": []}], "logger": RECORDER["logger"]}
        with pytest.raises(FormatError, match="record 2: no time at ts"):
            decode("json", wrong, mapping=MAPPING)

    @pytest.mark.parametrize(
        ("unit", "quantity", "value", "milli"),
        [
            ("°F", "temperature", 212, 100_000),
            ("K", "temperature", 277.15, 4_000),
            ("Pa", "pressure", 101325, 1_013_250),
            ("psi", "pressure", 14.5, 999_740),
            ("bar", "pressure", 1, 1_000_000),
            ("m/s2", "shock", -9.80665, 1_000),
            ("0-1", "battery", 0.5, 50_000),
            ("dBm", "radio", -90, -90_000),
            ("°", "tilt", 45, 45_000),
            ("", "door", True, 1_000),
        ],
    )
    def test_units(self, decode: Decode, unit: str, quantity: str, value: float, milli: int) -> None:
        mapping = flat(values=[{"path": "t", "quantity": quantity, "unit": unit}])
        (recording,) = decode("json", {"id": "a", "ts": ISO, "t": value}, mapping=mapping)
        assert values(recording, "t", Quantity(quantity)) == [milli]


def flat(**members: Any) -> dict[str, Any]:
    return {"device": "id", "time": {"path": "ts"}, "values": [{"path": "t", "unit": "°C"}], **members}


class TestSenml:
    def test_a_pack(self, decode: Decode) -> None:
        (recording,) = decode("senml", SENML)
        assert recording.device.serial == "urn:dev:ow:10e2073a01080063"
        assert values(recording, "probe") == [4_600]
        assert times(recording, "probe") == [ISO_MS]
        assert [(fix.latitude_udeg, fix.longitude_udeg) for fix in recording.fixes] == [(47_400_000, 8_500_000)]

    def test_several_devices_in_one_pack_and_several_packs(self, decode: Decode) -> None:
        other = [{"bn": "urn:dev:b:", "bt": ISO_MS / 1000, "u": "Cel", "n": "t", "v": 1}]
        assert len(decode("senml", SENML + other)) == 2
        body = b"\n".join(json.dumps(pack).encode() for pack in (SENML, other, SENML))
        assert [one.device.serial for one in decode("senml", body)] == ["urn:dev:ow:10e2073a01080063", "urn:dev:b"]

    def test_without_a_base_name_the_name_is_split(self, decode: Decode) -> None:
        (recording,) = decode("senml", [{"n": "urn:dev:x:probe", "u": "Cel", "v": 4, "t": 0}])
        assert recording.device.serial == "urn:dev:x"
        assert times(recording, "probe") == [RECEIVED_MS]

    def test_sentinels_and_faraway_times(self, decode: Decode) -> None:
        record = {"bn": "a:", "n": "t", "u": "Cel", "v": 327.67, "t": RECEIVED_MS / 1000 + 3600}
        (recording,) = decode("senml", [record])
        assert values(recording, "t") == [None]
        assert set(codes(recording)) == {"no-reading", "time-ahead"}

    def test_an_error_names_record_and_byte(self, decode: Decode) -> None:
        with pytest.raises(DataError, match=r"byte [0-9]+: record 2: a value without a unit"):
            decode("senml", [SENML[0], {"n": "x", "v": 1, "u": "", "bu": ""}])
        position = [{"bn": "a", "bt": 1.79e9, "u": "lon", "v": 999}, {"u": "lat", "v": 1}]
        with pytest.raises(FormatError, match=r"byte [0-9]+: record 2: latitude"):
            decode("senml", position)


class TestTiveAlert:
    def test_a_detail_is_a_signal(self, decode: Decode) -> None:
        (recording,) = decode("tive-alert", TIVE_ALERT)
        (signal,) = recording.signals
        assert (signal.kind, signal.text, signal.observed_at_ms) == ("temperature-max", "Created value 9.5", ISO_MS)
        assert recording.fixes[0].accuracy_mm == 500_000
        assert recording.series == ()  # the value has no unit

    def test_begin_and_end_of_a_range(self, decode: Decode) -> None:
        detail = TIVE_ALERT["Details"][0]
        closed = detail | {"Reason": "Closed", "DateTime": "2026-09-21T14:13:10Z"}
        (recording,) = decode("tive-alert", TIVE_ALERT | {"Details": [detail, closed]})
        assert [signal.text.split()[0] for signal in recording.signals] == ["Created", "Closed"]

    @pytest.mark.parametrize(
        "message",
        [
            {"deviceId": "1", "alertType": "Shock", "dateTime": ISO},
            {"device": {"id": "1"}, "trigger": "Shock", "details": {"dateTime": ISO}},
            {"DEVICEID": 1, "Details": [{"type": "Shock", "DateTime": ISO}]},
        ],
    )
    def test_names_in_any_case_of_letters(self, decode: Decode, message: Any) -> None:
        (recording,) = decode("tive-alert", message)
        assert (recording.device.serial, recording.signals[0].kind) == ("1", "shock")
        assert recording.signals[0].observed_at_ms == ISO_MS

    def test_a_time_without_a_zone_is_utc_and_said_so(self, decode: Decode) -> None:
        message = {"deviceId": "1", "alertType": "Light", "dateTime": "2026-09-21T14:13:00"}
        (recording,) = decode("tive-alert", message, zone="Asia/Tokyo")
        assert (recording.signals[0].observed_at_ms, codes(recording)) == (ISO_MS, ["zone-undeclared"])

    def test_what_is_missing(self, decode: Decode) -> None:
        for message, words in (({"trigger": "Light"}, "no device"), ({"deviceId": "1"}, "no trigger")):
            with pytest.raises(FormatError, match=words):
                decode("tive-alert", message)
