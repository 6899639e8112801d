"""Node-RED beside our doors: the same messages by HTTP and by MQTT, each server in a process of its own.

Node-RED has the flow that people build: receive, check each message and keep the last value of its device (a function
node), append to a file (its file node), answer 202. It does not sync the file, de-duplicate, or keep a log. Ours is
the door into the log, acknowledged after a commit with full sync. A batch is 100 messages a body, one on each line.
The row with an aim sets our batch against Node-RED with one message a body, as trackers send; the row behind it gives
Node-RED the same batches. By MQTT, QoS 1, a real Mosquitto lies between.

Node-RED is fetched by npm into `build/node-red/` on the first run, at a pinned version. The ratio is of messages a CPU
second of the server.
"""

import itertools
import json
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import mqtt_ingest
from benchmarks.http_ingest import BATCH, OURS, Measured, cpu_seconds, measure, payload, server
from benchmarks.row import Row, row, without_figure

VERSION = "4.1.15"
HOME = Path(__file__).parents[1] / "build" / "node-red" / VERSION
ROUNDS = 5
MQTT_ROUNDS = 3
INSTALL_S = 600
PATIENCE_S = 60
NAMES = ("nodered_http_single", "nodered_http_batch_100", "nodered_mqtt_qos1")
PEER = f"Node-RED {VERSION}: receive, validate, append to a file without sync"

CHECK = """
const last = context.get("last") || {};
for (const line of msg.payload.toString().split("\\n")) {
    const one = JSON.parse(line);
    if (typeof one.EntityName !== "string" || !Number.isFinite(one.EntryTimeEpoch)
        || !Number.isFinite(one.Temperature.Celsius)) {
        throw new Error("no message");
    }
    const known = last[one.EntityName] || { count: 0, max: -Infinity };
    known.count += 1;
    known.max = Math.max(known.max, one.Temperature.Celsius);
    last[one.EntityName] = known;
}
context.set("last", last);
return msg;
"""
ANSWER = 'msg.statusCode = 202; msg.payload = "{}"; return msg;'


Node = dict[str, Any]


class NodeRed(NamedTuple):
    """A running Node-RED: its address, its process, and the file that it appends to."""

    url: str
    pid: int
    file: Path


def installed() -> str:
    """Fetch Node-RED unless it is there; return why it cannot be run, empty where it can."""
    if (HOME / "node_modules" / "node-red" / "red.js").exists():
        return ""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return "not run: npm and Node.js are not installed"
    HOME.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--prefix", str(HOME), "--no-audit", "--no-fund", "--omit=dev", f"node-red@{VERSION}"]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_S)
    except subprocess.CalledProcessError as error:
        return f"not run: npm could not install it: {error.stderr.strip().splitlines()[-1:]}"
    except subprocess.TimeoutExpired:
        return f"not run: npm did not install it within {INSTALL_S} s"
    return ""


def node(name: str, kind: str, wires: list[list[str]], **properties: object) -> Node:
    """Return a node of the flow; without a place it would count as a configuration."""
    return {"id": name, "type": kind, "z": "tab", "x": 100, "y": 100, "wires": wires, **properties}


def flow(folder: Path, broker_port: int | None) -> list[Node]:
    """Return the nodes of the flow."""
    tab: Node = {"id": "tab", "type": "tab", "label": "ingest"}
    check = node("check", "function", [["keep"]], func=CHECK, outputs=1)
    behind = [] if broker_port else ["answer"]
    where = {"filename": str(folder / "kept"), "filenameType": "str", "encoding": "none"}
    keep = node("keep", "file", [behind], appendNewline=True, overwriteFile="false", **where)
    if broker_port is None:
        door = node("door", "http in", [["check"]], url="/ingest/tive", method="post")
        answer = node("answer", "function", [["out"]], func=ANSWER, outputs=1)
        return [tab, door, check, keep, answer, node("out", "http response", [], statusCode="", headers={})]
    client: Node = {"id": "broker", "type": "mqtt-broker", "broker": "127.0.0.1", "port": str(broker_port)}
    client |= {"clientid": "node-red", "autoConnect": True, "protocolVersion": "4", "cleansession": False}
    door = node("door", "mqtt in", [["check"]], topic="t/#", qos="1", datatype="utf8", broker="broker", inputs=0)
    return [tab, client, door, check, keep]


@contextmanager
def node_red(folder: Path, broker_port: int | None = None) -> Iterator[NodeRed]:
    """Run Node-RED with the flow, without its editor."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings: dict[str, object] = {"uiPort": port, "uiHost": "127.0.0.1", "httpAdminRoot": False}
    settings |= {"flowFile": "flows.json", "credentialSecret": False, "telemetry": {"enabled": False}}
    settings |= {"logging": {"console": {"level": "error", "metrics": False, "audit": False}}}
    (folder / "settings.js").write_text(f"module.exports = {json.dumps(settings)};\n")
    (folder / "flows.json").write_text(json.dumps(flow(folder, broker_port)))
    program = HOME / "node_modules" / "node-red" / "red.js"
    command = ["node", str(program), "--userDir", str(folder), "--settings", str(folder / "settings.js")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url)
        yield NodeRed(url, process.pid, folder / "kept")
    finally:
        process.kill()
        process.wait()


def _wait(url: str) -> None:
    """Wait until the flow answers, or says that it has no such door, as the one by MQTT does."""
    for _ in range(10 * PATIENCE_S):
        try:
            urllib.request.urlopen(f"{url}/none")
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"Node-RED did not start within {PATIENCE_S} s")


def _answers(url: str) -> None:
    """Send one message until the flow, which starts behind its server, answers it; the first may be lost."""
    for _ in range(PATIENCE_S):
        request = urllib.request.Request(f"{url}/ingest/tive", payload(0), {"content-type": "application/x-ndjson"})
        try:
            with urllib.request.urlopen(request, timeout=1) as answer:
                assert answer.status == 202, answer.status
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"Node-RED's flow did not answer within {PATIENCE_S} s")


def by_http() -> Iterator[Row]:
    """Measure both servers in turn, single and in batches."""
    found: dict[tuple[str, int], list[Measured]] = {}
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as other,
        server(OURS, Path(one)) as (url, pid),
        node_red(Path(other)) as peer,
    ):
        _answers(peer.url)
        for number, batch in itertools.product(range(ROUNDS + 1), (1, BATCH)):
            seed = number * 1_000_000_000 + batch
            ours, theirs = measure(url, pid, batch, seed), measure(peer.url, peer.pid, batch, seed)
            if number:
                found.setdefault(("ours", batch), []).append(ours)
                found.setdefault(("theirs", batch), []).append(theirs)

    def rate(who: str, batch: int) -> float:
        return round(statistics.median(one.requests * batch / one.cpu_s for one in found[who, batch]))

    unit = "messages/CPU-s durable"
    yield row("nodered_http_single", rate("ours", 1), unit, PEER, rate("theirs", 1))
    yield row("nodered_http_batch_100", rate("ours", BATCH), unit, f"{PEER}, single", rate("theirs", 1))
    yield row("nodered_http_batch_both", rate("ours", BATCH), unit, f"{PEER}, {BATCH} a body", rate("theirs", BATCH))


def by_mqtt() -> Row:
    """Measure messages a CPU second of both, from a real broker."""
    if mqtt_ingest.BINARY is None:
        return without_figure("nodered_mqtt_qos1", "not run: mosquitto is not installed", PEER)
    count = mqtt_ingest.MESSAGES
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(MQTT_ROUNDS):
        with tempfile.TemporaryDirectory() as name, mqtt_ingest.broker(Path(name)) as port:
            mqtt_ingest.consume(mqtt_ingest.OURS, port, "ours", 0, Path(name))
            mqtt_ingest.publish(port, count, number * count)
            ours.append(mqtt_ingest.consume(mqtt_ingest.OURS, port, "ours", count, Path(name))[1])
        with (
            tempfile.TemporaryDirectory() as name,
            mqtt_ingest.broker(Path(name)) as port,
            node_red(Path(name), port) as peer,
        ):
            _until(peer.file, port, 1)
            before = cpu_seconds(peer.pid)
            mqtt_ingest.publish(port, count, number * count)
            _until(peer.file, port, count)
            theirs.append(cpu_seconds(peer.pid) - before)
    rates = [round(count / statistics.median(times)) for times in (ours, theirs)]
    return row("nodered_mqtt_qos1", rates[0], "messages/CPU-s durable", f"{PEER}, mqtt-in", rates[1])


def _until(file: Path, port: int, lines: int) -> None:
    """Wait until the file has so many lines; one message is sent again until it shows that Node-RED has subscribed."""
    for _ in range(10 * PATIENCE_S):
        if lines == 1:
            mqtt_ingest.publish(port, 1, 0)
        if file.exists() and file.read_bytes().count(b"\n") >= lines:
            return
        time.sleep(0.1)
    raise TimeoutError(f"Node-RED did not keep {lines} messages within {PATIENCE_S} s")


def run() -> list[Row]:
    """Return the rows by HTTP and by MQTT, or why there are none."""
    why = installed()
    if why:
        return [without_figure(name, why, PEER) for name in NAMES]
    return [*by_http(), by_mqtt()]
