"""The Kafka input of the library over a real broker: what arrives is what was sent."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest
from kafka_broker import Broker
from programs import Program, build


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(Path(__file__).with_name("kafka_probe.cpp"), tmp_path_factory.mktemp("prefix"))


class Probe(Program):
    def __init__(self, program: Path, broker: Broker, folder: Path, name: str) -> None:
        super().__init__(program, folder, name)
        self.broker = broker
        broker.create(name, 1)

    def start(self, kind: str) -> None:
        self.spawn(self.name, self.broker.address, self.name, kind, self.state, self.output)


@pytest.fixture
def probe(
    program: Path, broker: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Probe]:
    made = Probe(program, broker, tmp_path, f"in-{crc32(request.node.name.encode())}")
    yield made
    made.kill()


SIZES = [0, 8 << 10, 1 << 20, 16 << 20]


def test_payloads_of_each_size_arrive_as_they_were_sent(broker: Broker, probe: Probe) -> None:
    sent = [random.Random(size).randbytes(size) for size in SIZES]
    broker.send(probe.name, *sent)
    probe.start("bytes")
    events = sorted(probe.wait(len(sent)), key=lambda event: event["data"]["offset"])
    found = [base64.b64decode(event["data"]["value"]) for event in events]
    assert [len(one) for one in found] == SIZES
    assert found == sent


def test_texts_and_numbers_keep_each_character(broker: Broker, probe: Probe) -> None:
    values = [
        '{"n": 12345678901234567890.123456789, "e": 1E400, "b": [ ], "é": "\\u0000\\ud83d\\ude00"}',
        "[1, 2,\t3]",
        '"*3\\r\\n$3\\r\\nSET\\r\\n"',
        '{"a": 1, "a": 2}',
        "null",
    ]
    broker.send(probe.name, *values)
    probe.start("json")
    probe.wait(len(values))
    # Processes run beside each other: the lines come in any order.
    for offset, value in enumerate(values):
        (line,) = (line for line in probe.lines() if f'"offset":{offset},' in line)
        assert f'"value":{value}}}' in line


def test_s19_keys_and_headers_are_data(broker: Broker, probe: Probe) -> None:
    headers = [
        ("x", b"1"),
        ("x", b"2"),
        ('"},"value":{', b'\r\n"}'),
        ("b", b"\xff"),
        ("__proto__", b"x"),
    ]
    broker.send(probe.name, '{"ok": true}', key=b'"\r\n\xe2\x80\xae', headers=headers)
    broker.send(probe.name, '1}, "value": {"ok": true}', key=b"\xff\xfe")
    broker.send(probe.name, "", key=b"k" * 2_000)
    probe.start("json")
    first, second, third = sorted(probe.wait(3), key=lambda event: event["data"]["offset"])
    assert first["id"] == '"\r\n\u202e'
    assert first["data"]["value"] == {"ok": True}
    assert first["data"]["headers"] == {
        "x": ["1", "2"],
        '"},"value":{': '\r\n"}',
        "b": {"base64": "/w=="},
        "__proto__": "x",
    }
    assert "value" not in second["data"]
    assert second["data"]["problem"].startswith("its value is no JSON")
    assert base64.b64decode(second["data"]["base64"]) == b'1}, "value": {"ok": true}'
    assert (second["id"], second["data"]["key"]) == ("", {"base64": "//4="})
    assert (third["id"], third["data"]["key"], third["data"]["base64"]) == ("", "k" * 2_000, "")


def test_a_state_folder_that_is_killed_goes_on_where_it_was(broker: Broker, probe: Probe) -> None:
    broker.send(probe.name, *(str(number) for number in range(100)))
    probe.start("text")
    probe.wait(100)
    probe.kill()
    broker.send(probe.name, *(str(number) for number in range(100, 200)))
    probe.start("text")
    values = [event["data"]["value"] for event in probe.wait(200)]
    assert sorted(map(json.loads, values)) == list(range(200))
