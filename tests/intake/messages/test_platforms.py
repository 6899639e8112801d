"""ChirpStack, The Things Stack and Traccar: the documented messages, and each of their traps."""

from datetime import UTC, datetime
from typing import Any

import pytest
from examples.messages import CHIRPSTACK, ISO, ISO_MS, RECEIVED_MS, TRACCAR, TTS, changed
from tests.intake.messages.conftest import Decode
from tests.intake.messages.recordings_kit import codes, times, values

from doseway.model.clock import to_unix_ms
from doseway.model.errors import FormatError, UsageError
from doseway.model.readings import Quantity

PROBE = {"values": [{"path": "T_ext", "quantity": "temperature", "unit": "°F", "sensor": "probe"}]}


class TestChirpstack:
    def test_an_uplink(self, decode: Decode) -> None:
        (recording,) = decode("chirpstack", CHIRPSTACK)
        assert recording.device.serial == "0101010101010101"
        assert values(recording, "temperature") == [4_200]
        assert values(recording, "humidity", Quantity.HUMIDITY) == [51_500]
        assert values(recording, "lora", Quantity.RADIO) == [-36_000]

    def test_the_time_is_the_networks_and_a_note_says_so(self, decode: Decode) -> None:
        (recording,) = decode("chirpstack", CHIRPSTACK)
        assert times(recording, "temperature") == [ISO_MS + 775]  # of nine digits, those of milliseconds
        assert codes(recording) == ["network-time"]

    def test_a_mapping_names_the_devices_own_time(self, decode: Decode) -> None:
        event = changed(CHIRPSTACK, object={"temperature": 4.2, "at": ISO_MS // 1000 - 600})
        mapping = {"time": {"path": "at", "format": "unix-s"}}
        (recording,) = decode("chirpstack", event, mapping=mapping)
        assert times(recording, "temperature") == [ISO_MS - 600_000]
        assert "network-time" not in codes(recording)

    def test_nulls_everywhere(self, decode: Decode) -> None:
        event: dict[str, Any] = dict.fromkeys(CHIRPSTACK) | {
            "deviceInfo": CHIRPSTACK["deviceInfo"],
            "fCnt": None,
            "margin": None,
            "batteryLevel": None,
            "location": None,
        }
        (recording,) = decode("chirpstack", event)
        assert recording.series == ()
        assert codes(recording) == ["arrival-time"]

    def test_an_absent_value_is_no_reading_and_a_null_one_is_unknown(self, decode: Decode) -> None:
        (recording,) = decode("chirpstack", changed(CHIRPSTACK, object={"humidity": None}))
        assert values(recording, "temperature") == []
        assert values(recording, "humidity", Quantity.HUMIDITY) == [None]

    def test_a_frame_counter_may_be_absent_or_start_again(self, decode: Decode) -> None:
        assert "fCnt" not in CHIRPSTACK
        again = changed(CHIRPSTACK, fCnt=0, deduplicationId="other", time="2026-09-21T14:13:10+00:00")
        (recording,) = decode("chirpstack", [changed(CHIRPSTACK, fCnt=9), again])
        assert len(values(recording, "temperature")) == 2

    def test_one_deduplication_id_is_one_event(self, decode: Decode) -> None:
        (recording,) = decode("chirpstack", [CHIRPSTACK, CHIRPSTACK, changed(CHIRPSTACK, deduplicationId="b")])
        assert len(values(recording, "temperature")) == 2
        assert "repeated" in codes(recording)

    @pytest.mark.parametrize("name", ["TempC_DS", "temperature", "temp_1", "external_temperature"])
    def test_327_67_does_not_alarm(self, decode: Decode, name: str) -> None:
        (recording,) = decode("chirpstack", changed(CHIRPSTACK, object={name: 327.67, "TempC_SHT": 5.5}))
        assert values(recording, name) == [None]
        assert values(recording, "TempC_SHT") == [5_500]
        assert "no-reading" in codes(recording)

    def test_a_status_event(self, decode: Decode) -> None:
        event = {"deviceInfo": CHIRPSTACK["deviceInfo"], "time": ISO, "margin": 7, "batteryLevel": 75.5}
        (recording,) = decode("chirpstack", event)
        assert values(recording, "battery", Quantity.BATTERY) == [75_500]

    def test_location_log_and_join_events(self, decode: Decode) -> None:
        base = {"deviceInfo": CHIRPSTACK["deviceInfo"], "time": ISO}
        location = base | {"location": {"latitude": 47.4, "longitude": 8.5, "accuracy": 80, "source": "GEO_RESOLVER"}}
        log = base | {"level": "ERROR", "code": "CODEC_UPLINK", "description": "no codec"}
        (recording,) = decode("chirpstack", [location, log, base | {"devAddr": "00189440"}])
        assert (recording.fixes[0].accuracy_mm, recording.fixes[0].method) == (80_000, "unknown")
        assert "CODEC_UPLINK" in next(note.text for note in recording.notes if note.code == "network-log")

    def test_raw_bytes_without_a_codec_are_said_so(self, decode: Decode) -> None:
        (recording,) = decode("chirpstack", changed(CHIRPSTACK, object=None))
        assert "not-decoded" in codes(recording)

    def test_what_nobody_declared_is_named_and_a_mapping_declares_it(self, decode: Decode) -> None:
        event = changed(CHIRPSTACK, object={"T_ext": 39.2, "work_mode": 2})
        (recording,) = decode("chirpstack", event)
        assert "T_ext, work_mode" in next(note.text for note in recording.notes if note.code == "not-judged")
        (recording,) = decode("chirpstack", event, mapping=PROBE)
        assert values(recording, "probe") == [4_000]

    def test_nested_values_and_history(self, decode: Decode) -> None:
        history = [{"timestamp": ISO_MS // 1000 - 1200, "temperature": 4.9}, {"temperature": 1.0}]
        bag = {"air": {"temperature": 4.2}, "history": history}
        (recording,) = decode("chirpstack", changed(CHIRPSTACK, object=bag))
        assert values(recording, "air.temperature") == [4_200]
        assert times(recording, "temperature") == [ISO_MS - 1_200_000]
        assert "not-judged" in codes(recording)

    def test_no_device_is_refused(self, decode: Decode) -> None:
        with pytest.raises(FormatError, match="devEui"):
            decode("chirpstack", changed(CHIRPSTACK, deviceInfo=None))


class TestThingsStack:
    def test_an_uplink(self, decode: Decode) -> None:
        (recording,) = decode("tts", TTS)
        assert recording.device.serial == "70b3d57ed0000001"
        assert values(recording, "temperature_0") == [30_100]
        assert values(recording, "humidity_0", Quantity.HUMIDITY) == [60_500]
        assert values(recording, "lora", Quantity.RADIO) == [-58_000]
        assert times(recording, "temperature_0") == [ISO_MS + 1744]
        assert "network-time" in codes(recording)

    def test_the_position_is_the_devices_not_the_gateways(self, decode: Decode) -> None:
        (recording,) = decode("tts", TTS)
        assert [(fix.latitude_udeg, fix.longitude_udeg) for fix in recording.fixes] == [(37_421_900, -122_084_000)]

    def test_empty_members_are_omitted(self, decode: Decode) -> None:
        (recording,) = decode("tts", {"end_device_ids": {"device_id": "eui-a"}, "uplink_message": {"f_port": 1}})
        assert recording.series == ()
        (recording,) = decode("tts", {"end_device_ids": {"device_id": "eui-a"}, "join_accept": {}})
        assert recording.series == ()

    def test_a_time_with_its_zone_in_the_payload_is_the_devices(self, decode: Decode) -> None:
        payload = {"temperature_0": 30.1, "time": "2026-09-21T14:03:00.000Z"}
        (recording,) = decode("tts", changed(TTS, uplink_message__decoded_payload=payload))
        assert times(recording, "temperature_0") == [ISO_MS - 600_000]
        assert "device-time" in codes(recording)
        payload["time"] = "2026-09-21T14:03:00"
        (recording,) = decode("tts", changed(TTS, uplink_message__decoded_payload=payload))
        assert times(recording, "temperature_0") == [ISO_MS + 1744]

    def test_the_normalised_payload_is_taken_with_its_own_times_and_without_its_pressure(self, decode: Decode) -> None:
        normal = [
            {"time": ISO, "air": {"temperature": 4.5, "relativeHumidity": 60, "pressure": 901.0}},
            {"air": {"temperature": 4.75, "lightIntensity": 12}, "action": {"contactState": "open"}},
        ]
        payload = {"temperature": 4.75, "pressure_hPa": 765.5}
        message = changed(TTS, uplink_message__normalized_payload=normal, uplink_message__decoded_payload=payload)
        (recording,) = decode("tts", message)
        assert values(recording, "air") == [4_500, 4_750]
        assert times(recording, "air") == [ISO_MS, ISO_MS + 1744]
        assert values(recording, "temperature") == []  # once, not twice
        assert values(recording, "pressure_hPa", Quantity.PRESSURE) == [765_500]  # a freighter's hold
        assert values(recording, "contact", Quantity.DOOR) == [1_000]
        assert "not-judged" in codes(recording)

    def test_a_message_of_the_normalised_topic(self, decode: Decode) -> None:
        normal = {"normalized_payload": {"air": {"temperature": 4.5}}, "received_at": ISO}
        (recording,) = decode("tts", {"end_device_ids": TTS["end_device_ids"], "uplink_normalized": normal})
        assert (values(recording, "air"), times(recording, "air")) == ([4_500], [ISO_MS])

    def test_no_device_is_refused(self, decode: Decode) -> None:
        with pytest.raises(FormatError, match="end_device_ids"):
            decode("tts", {"uplink_message": {}})

    def test_a_solved_location(self, decode: Decode) -> None:
        message = {
            "end_device_ids": TTS["end_device_ids"],
            "received_at": ISO,
            "location_solved": {"location": {"latitude": 1.5, "longitude": 2.5, "accuracy": 400}},
        }
        (recording,) = decode("tts", message)
        assert recording.fixes[0].accuracy_mm == 400_000


class TestTraccar:
    def test_a_position(self, decode: Decode) -> None:
        (recording,) = decode("traccar", TRACCAR)
        assert recording.device.serial == "861001000719969"
        assert values(recording, "temp1") == [4_600]
        assert values(recording, "batteryLevel", Quantity.BATTERY) == [87_000]
        assert values(recording, "door", Quantity.DOOR) == [0]
        assert times(recording, "temp1") == [ISO_MS]  # +0000 and +00:00

    def test_speed_is_in_knots(self, decode: Decode) -> None:
        (recording,) = decode("traccar", TRACCAR)
        assert recording.fixes[0].speed_mm_s == round(21.6 * 1852 * 1000 / 3600) == 11_112

    def test_volts_are_no_per_cent(self, decode: Decode) -> None:
        (recording,) = decode("traccar", TRACCAR)
        assert values(recording, "battery", Quantity.BATTERY) == []

    def test_an_accuracy_of_0_is_unknown(self, decode: Decode) -> None:
        (recording,) = decode("traccar", changed(TRACCAR, position__accuracy=0.0))
        assert recording.fixes[0].accuracy_mm is None

    def test_the_alarms_are_a_comma_list(self, decode: Decode) -> None:
        (recording,) = decode("traccar", TRACCAR)
        assert [signal.kind for signal in recording.signals] == ["tampering", "low-battery"]
        (recording,) = decode(
            "traccar", changed(TRACCAR, position__attributes={"alarm": "jamming, removing ,gpsAntennaCut,fallDown"})
        )
        assert [signal.kind for signal in recording.signals] == ["jamming", "removed", "antenna-cut", "fall"]

    def test_a_repeated_position_counts_at_its_own_time_and_once(self, decode: Decode) -> None:
        repeats = [changed(TRACCAR, position__deviceTime=f"2026-09-21T14:13:{second:02}+0000") for second in (2, 4, 6)]
        (recording,) = decode("traccar", [TRACCAR, *repeats])
        assert [fix.observed_at_ms for fix in recording.fixes] == [ISO_MS]
        assert times(recording, "temp1") == [ISO_MS, ISO_MS + 2000, ISO_MS + 4000, ISO_MS + 6000]
        assert "repeated-position" in codes(recording)

    def test_a_buffered_message_says_so(self, decode: Decode) -> None:
        (recording,) = decode("traccar", TRACCAR)
        assert codes(recording) == ["buffered"]

    def test_an_invalid_position_is_not_taken(self, decode: Decode) -> None:
        (recording,) = decode("traccar", changed(TRACCAR, position__valid=False))
        assert recording.fixes == ()
        assert "no-fix" in codes(recording)

    @pytest.mark.parametrize(
        ("network", "method"), [({"wifiAccessPoints": [{"macAddress": "00"}]}, "wifi"), ({"cellTowers": []}, "cell")]
    )
    def test_an_approximate_position_is_no_satellites(self, decode: Decode, network: Any, method: str) -> None:
        message = changed(TRACCAR, position__network=network, position__attributes={"approximate": True})
        assert decode("traccar", message)[0].fixes[0].method == method

    def test_a_temperature_above_60_without_a_unit_is_doubted_and_a_mapping_says_fahrenheit(
        self, decode: Decode
    ) -> None:
        message = changed(TRACCAR, position__attributes={"temp1": 62.5})
        (recording,) = decode("traccar", message)
        assert values(recording, "temp1") == [62_500]
        assert codes(recording) == ["unit-doubtful"]
        mapping = {"values": [{"path": "temp1", "quantity": "temperature", "unit": "°F"}]}
        (recording,) = decode("traccar", message, mapping=mapping)
        assert values(recording, "temp1") == [16_944]
        assert codes(recording) == []

    @pytest.mark.parametrize("value", [-127.0, 85.0, 327.67])
    def test_sentinels(self, decode: Decode, value: float) -> None:
        (recording,) = decode("traccar", changed(TRACCAR, position__attributes={"temp1": value}))
        assert values(recording, "temp1") == [None]

    def test_events(self, decode: Decode) -> None:
        device = TRACCAR["device"]
        enter = {"event": {"type": "geofenceEnter", "eventTime": ISO}, "device": device, "geofence": {"name": "Hub"}}
        alarm = {"event": {"type": "alarm", "eventTime": ISO, "attributes": {"alarm": "jamming"}}, "device": device}
        (recording,) = decode("traccar", [enter, alarm])
        assert [(one.kind, one.text) for one in recording.signals] == [("geofence-enter", "Hub"), ("jamming", "")]

    def test_without_the_device_it_is_refused(self, decode: Decode) -> None:
        with pytest.raises(FormatError, match=r"device\.uniqueId"):
            decode("traccar", {"position": TRACCAR["position"]})
        with pytest.raises(FormatError, match="neither"):
            decode("traccar", {"device": TRACCAR["device"]})

    def test_a_position_without_any_time_is_of_its_arrival(self, decode: Decode) -> None:
        bare = changed(TRACCAR, position__deviceTime=None, position__fixTime=None, position__serverTime=None)
        (recording,) = decode("traccar", bare)
        assert times(recording, "temp1") == [RECEIVED_MS]
        (recording,) = decode("traccar", changed(bare, position__serverTime=ISO))
        assert (times(recording, "temp1"), "network-time" in codes(recording)) == ([ISO_MS], True)


@pytest.mark.parametrize(
    "wrong", [{"valeus": []}, {"values": [{"path": "a", "quantity": "temperature", "unit": "bar"}]}, {"speed": "a"}]
)
def test_a_wrong_mapping_is_refused_before_anything_is_read(decode: Decode, wrong: Any) -> None:
    with pytest.raises(UsageError, match="mapping is wrong"):
        decode("traccar", TRACCAR, mapping=wrong)


def test_the_samples_speak_of_one_instant() -> None:
    assert to_unix_ms(datetime.fromisoformat(ISO)) == ISO_MS
    assert datetime.fromtimestamp(RECEIVED_MS / 1000, UTC).year == 2026
