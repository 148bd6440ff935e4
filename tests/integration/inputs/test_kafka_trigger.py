"""Triggers of type kafka: `dyna up` starts a run for each record, once, whoever falls over."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from zlib import crc32

import confluent_kafka
import pytest
from confluent_kafka import Consumer, TopicPartition
from kafka_broker import PASSWORD, PATIENCE, Broker
from serving import Server, eventually
from state_rows import rows
from trigger_place import LONG, TriggerPlace

KILLS = 20 if LONG else 4
ENVIRONMENT = {"DYNA_SECRET_SHOP_KAFKA": PASSWORD}
FLOW = """
id: on_record
namespace: acme
inputs:
  - {{id: order, type: json, default: {{}}}}
  - {{id: what, default: none}}
  - {{id: place, default: none}}
tasks: [{{id: work, type: log, message: "{{{{ inputs.what }}}}"}}]
triggers:
  - id: records
    type: kafka
    connection: shop
    topics: {topics}
    {more}
    inputs:
      order: "{{{{ event.data.value }}}}"
      what: "{{{{ event.operation }}}} of {{{{ event.location }}}} {{{{ event.id }}}}"
      place: "{{{{ event.data.partition }}}}/{{{{ event.data.offset }}}}"
"""


class Place(TriggerPlace):
    """A folder with the flow, and the topic that is this test's alone."""

    patience = PATIENCE

    def __init__(self, broker: Broker, folder: Path, topic: str) -> None:
        super().__init__(folder)
        self.broker, self.topic = broker, topic
        (folder / "connections").mkdir(parents=True)
        self.connect()
        self.flow()

    def connect(self, listener: str = "PLAIN", more: str = "") -> None:
        (self.folder / "connections" / "shop.yaml").write_text(
            f"type: kafka\nbrokers: {self.broker.at(listener)}\n{more}", encoding="utf-8"
        )

    def flow(self, more: str = "", topics: str = "") -> None:
        self.text = FLOW.format(topics=topics or self.topic, more=more or f"group: g-{self.topic}")
        (self.folder / "on_record.yaml").write_text(self.text, encoding="utf-8")

    def start(self, *arguments: str, **env: str) -> Server:
        return super().start(*arguments, **{**ENVIRONMENT, **env})

    def rows(self, sql: str) -> list[tuple]:
        return rows(self.folder, sql)


def words(server: Server) -> str:
    assert server.output is not None
    return server.output.read_text()


def listens(server: Server) -> None:
    eventually(lambda: '"state":"listens"' in words(server), "that it listens", PATIENCE)


@pytest.fixture
def place(broker: Broker, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    made = Place(broker, tmp_path, f"t-{crc32(request.node.name.encode())}")
    broker.create(made.topic)
    yield made
    made.kill()


def test_each_record_has_its_run_also_those_written_while_nobody_ran(
    broker: Broker, place: Place
) -> None:
    broker.send(place.topic, '{"n": 1.50}', key="a", partition=0)
    server = place.start()
    place.ended(1)
    broker.send(place.topic, '{"n": 2}', None, key="b", partition=1)
    found = place.ended(3)
    assert [(one["what"], one["place"]) for one in found] == [
        (f"create of {place.topic} a", "0/0"),
        (f"create of {place.topic} b", "1/0"),
        (f"delete of {place.topic} b", "1/1"),
    ]
    assert [one["order"] for one in found] == [{"n": 1.5}, {"n": 2}, None]
    one = server.input_that_kept(3)
    assert (one["flow"], one["trigger"], one["type"]) == ("acme/on_record", "records", "kafka")
    assert one["state"] == "listens"
    metrics = server.call("GET", "/metrics").body.decode()
    labels = '{input="acme/on_record/records",type="kafka"}'
    assert f"dyna_input_listens{labels} 1\n" in metrics, metrics
    assert f"dyna_input_events_total{labels} 3\n" in metrics
    place.kill()
    broker.send(place.topic, "4", partition=2)
    server = place.start()
    assert place.ended(4)[3]["place"] == "2/0"
    # Kafka's own tools see how far it is.
    reader = Consumer({"bootstrap.servers": broker.address, "group.id": f"g-{place.topic}"})
    partitions = [TopicPartition(place.topic, number) for number in range(4)]

    def committed() -> bool:
        return [one.offset for one in reader.committed(partitions, PATIENCE)] == [1, 2, 1, 0]

    eventually(committed, "what is committed", PATIENCE)
    reader.close()
    server.stop()


class Writer(threading.Thread):
    """Writes numbers as fast as it may, until it is told to end; `written` has what the broker has."""

    def __init__(self, broker: Broker, topic: str, seed: int) -> None:
        super().__init__(daemon=True)
        self.broker, self.topic = broker, topic
        self.random = random.Random(seed)
        self.ending = threading.Event()
        self.written = 0

    def run(self) -> None:
        producer = self.broker.producer(**{"message.timeout.ms": 300_000})
        number = 0
        while not self.ending.wait(self.random.uniform(0, 0.02)):
            if len(producer) > 500:  # the broker is away
                producer.poll(0.1)
                continue
            for _ in range(self.random.randint(1, 8)):
                producer.produce(self.topic, value=str(number), partition=self.random.randrange(4))
                number += 1
        assert producer.flush(PATIENCE) == 0
        self.written = number


def numbers(place: Place) -> list[int]:
    return sorted(one["order"] for one in place.runs())


def test_r27_no_record_is_lost_or_has_two_runs_whoever_is_killed(
    broker: Broker, place: Place
) -> None:
    seeded = random.Random(27)
    writer = Writer(broker, place.topic, 27)
    writer.start()
    for number in range(KILLS):
        server = place.start()
        listens(server)
        before = len(place.runs())
        wanted = before + seeded.randint(1, 60)
        eventually(lambda: len(place.runs()) >= wanted, "more runs", PATIENCE)  # noqa: B023
        if number % 4 == 1:
            broker.restart()
        if number % 4 == 2:
            broker.hold(True)
            place.kill()
            broker.hold(False)
        place.kill()
    writer.ending.set()
    writer.join()
    place.start()
    place.ended(writer.written)
    assert numbers(place) == list(range(writer.written))
    keys = place.rows("SELECT count(*), count(DISTINCT event_id) FROM event")
    assert keys == [(writer.written, writer.written)]


def test_r27_what_another_member_of_the_group_reads_is_its_own(
    broker: Broker, place: Place
) -> None:
    server = place.start()
    listens(server)
    writer = Writer(broker, place.topic, 28)
    writer.start()
    theirs: list[int] = []
    other = Consumer(
        {
            "bootstrap.servers": broker.address,
            "group.id": f"g-{place.topic}",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": "range,roundrobin",
            "log_level": 0,
        }
    )
    other.subscribe([place.topic])
    until = monotonic() + PATIENCE
    while len(theirs) < 50:
        assert monotonic() < until, f"the other member has {len(theirs)}"
        message = other.poll(1)
        if message is None or message.error():
            continue
        theirs.append(int(message.value()))
        other.commit(message, asynchronous=False)
    other.close()
    writer.ending.set()
    writer.join()
    broker.send(place.topic, "1000000", partition=0)

    def whole() -> bool:
        return len(place.runs()) + len(theirs) >= writer.written + 1

    eventually(whole, "all records", PATIENCE)
    assert sorted(numbers(place) + theirs) == [*range(writer.written), 1_000_000]
    server.stop()


def test_a_broker_that_is_not_there_is_said_and_comes_back(broker: Broker, place: Place) -> None:
    server = place.start()
    listens(server)
    broker.kill()
    try:
        eventually(lambda: '"state":"failed"' in words(server), "that it fails", PATIENCE)
        (one,) = server.ok("GET", "/api/v1/inputs")["inputs"]
        assert one["state"] == "failed"
        assert broker.address in one["problem"], one
        assert "dyna_input_listens{" in (told := server.call("GET", "/metrics").body.decode())
        assert 'type="kafka"} 0\n' in told, told
    finally:
        broker.start()
    broker.send(place.topic, "1")
    place.ended(1)
    server.stop()


def test_a_topic_that_is_not_there_is_said(broker: Broker, place: Place) -> None:
    place.flow(topics=f"{place.topic}-later")
    server = place.start()
    eventually(lambda: "topic" in words(server) and "failed" in words(server), "a word", PATIENCE)
    (one,) = server.ok("GET", "/api/v1/inputs")["inputs"]
    assert one["state"] == "failed" and f"{place.topic}-later" in one["problem"], one
    broker.create(f"{place.topic}-later")
    broker.send(f"{place.topic}-later", "1")
    place.ended(1)
    server.stop()


def test_only_new_records_and_not_those_of_a_crash_in_between(broker: Broker, place: Place) -> None:
    place.flow(more="start: latest")
    for partition in range(4):
        broker.send(place.topic, "0", partition=partition)
    server = place.start()
    listens(server)
    place.kill()
    # It was there once: what comes while it is away is new.
    for partition in range(4):
        broker.send(place.topic, str(partition + 1), partition=partition)
    server = place.start()
    place.ended(4)
    assert numbers(place) == [1, 2, 3, 4]
    server.stop()


def test_records_that_were_deleted_before_they_were_read_are_missed(
    broker: Broker, place: Place
) -> None:
    server = place.start()
    broker.send(place.topic, "0", partition=0)
    place.ended(1)
    place.kill()
    broker.send(place.topic, "1", "2", "3", partition=0)
    admin = broker.admin()
    (gone,) = admin.delete_records([TopicPartition(place.topic, 0, 3)]).values()
    gone.result(PATIENCE)
    server = place.start("--watch")
    eventually(lambda: '"state":"failed"' in words(server), "that it fails", PATIENCE)
    (one,) = server.ok("GET", "/api/v1/inputs")["inputs"]
    wanted = f"{place.topic}/0 was read up to offset 1, and begins at 3 by now: 2 offsets were"
    assert wanted in one["problem"] and "over_gaps" in one["problem"], one
    place.flow(more=f"group: g-{place.topic}\n    over_gaps: true")
    place.ended(2)
    assert numbers(place) == [0, 3]
    server.stop()


@pytest.mark.parametrize("more", [2, 5])
def test_a_topic_that_was_made_anew_is_not_taken_for_the_one_before(
    broker: Broker, place: Place, more: int
) -> None:
    """Whether it has fewer records by then, or as many."""
    server = place.start("--watch")
    broker.send(place.topic, "0", "1", "2", partition=0)
    place.ended(3)
    place.kill()
    broker.delete(place.topic)
    broker.create(place.topic)
    broker.send(place.topic, *(str(10 + number) for number in range(more)), partition=0)
    server = place.start("--watch")
    eventually(lambda: '"state":"failed"' in words(server), "that it fails", PATIENCE)
    (one,) = server.ok("GET", "/api/v1/inputs")["inputs"]
    assert "the topic was made anew" in one["problem"], one
    place.flow(more=f"group: g-{place.topic}\n    over_gaps: true")
    place.ended(3 + more)
    assert numbers(place) == [0, 1, 2, *range(10, 10 + more)]
    server.stop()


def test_what_is_no_json_is_a_dead_letter_and_holds_nobody_up(broker: Broker, place: Place) -> None:
    server = place.start()
    broker.send(place.topic, "{", "1", partition=0)
    place.ended(1)
    dead = eventually(
        lambda: server.ok("GET", "/api/v1/events?state=dead")["events"], "a dead letter"
    )
    assert dead[0]["trigger"] == "records"
    assert "value" in dead[0]["detail"], dead
    server.stop()


def test_only_what_is_wanted_has_a_run_and_only_the_first_of_one_key(
    broker: Broker, place: Place
) -> None:
    more = "where: '{{ event.data.value.n > 1 }}'\n    dedupe: '{{ event.data.value.key }}'"
    place.flow(more=f"group: g-{place.topic}\n    {more}")
    server = place.start()
    values = ['{"n": 1, "key": "a"}', '{"n": 2, "key": "b"}', '{"n": 3, "key": "b"}',
              '{"n": 4}', '{"n": 5}', '{"key": "c"}', '{"n": 6, "key": "d"}']  # fmt: skip
    broker.send(place.topic, *values, partition=0)
    assert [one["order"]["n"] for one in place.ended(4)] == [2, 4, 5, 6]

    def of(state: str) -> list[dict]:
        return server.ok("GET", f"/api/v1/events?state={state}")["events"]

    assert [one["detail"] for one in of("dropped")] == ["'where' of its trigger is false"]
    (dead,) = of("dead")
    assert dead["detail"].startswith("'where': ")
    assert place.rows("SELECT count(*) FROM event") == [(6,)]
    server.stop()


@pytest.mark.skipif(not LONG, reason="topics are looked for every half a minute")
def test_topics_by_an_expression_and_one_that_is_made_later(broker: Broker, place: Place) -> None:
    place.flow(topics=f"^{place.topic}.*", more="start: latest")
    server = place.start()
    listens(server)
    broker.create(f"{place.topic}-b", 1)
    # Written before it can be found: it is new all the same.
    broker.send(f"{place.topic}-b", "7")
    assert place.ended(1)[0]["order"] == 7
    server.stop()


def newest_client(folder: Path) -> Path:
    """The librdkafka of the tests' own client: Debian's is too old for SCRAM at this broker."""
    (bundled,) = (Path(confluent_kafka.__file__).parents[1] / "confluent_kafka.libs").glob(
        "librdkafka*.so*"
    )
    (folder / "librdkafka.so.1").symlink_to(bundled)
    return folder


TLS = "tls: true\nca_file: {ca}\n"
USER = "user: app\npassword: {{secret: SHOP_KAFKA}}\n"
PLAIN = "mechanism: plain\n"


@pytest.mark.parametrize(
    ("listener", "more"),
    [("TLS", TLS), ("SASL", TLS + USER), ("SASL", TLS + USER + PLAIN)],
    ids=["tls", "scram", "plain"],
)
def test_s40_who_we_are_and_who_the_broker_is(
    broker: Broker, place: Place, tmp_path: Path, listener: str, more: str
) -> None:
    place.connect(listener, more.format(ca=broker.ca_file))
    broker.add_user()
    broker.send(place.topic, "1")
    server = place.start(LD_LIBRARY_PATH=str(newest_client(tmp_path)))
    place.ended(1)
    assert PASSWORD not in words(server)
    server.stop()


@pytest.mark.parametrize(
    ("listener", "more", "why"),
    [
        ("EXPIRED", TLS, "certificate"),
        ("ELSEWHERE", TLS, "certificate"),
        ("STRANGER", TLS, "certificate"),
        ("TLS", "tls: true\n", "certificate"),
        ("SASL", TLS + USER, "uthentication"),
        ("SASL", TLS + USER + PLAIN, "uthentication"),
    ],
    ids=["expired", "elsewhere", "stranger", "unknown", "scram", "plain"],
)
def test_s40_a_broker_that_is_not_trusted_and_one_that_does_not_trust_us(
    broker: Broker, place: Place, listener: str, more: str, why: str
) -> None:
    place.connect(listener, more.format(ca=broker.ca_file))
    broker.send(place.topic, "1")
    server = place.start(DYNA_SECRET_SHOP_KAFKA="wrong-one")
    eventually(lambda: '"state":"failed"' in words(server), "that it fails", PATIENCE)
    # A slow machine may hear first that no broker is there; the next try says why.
    problems: set[str] = set()

    def told() -> bool:
        problems.add(server.ok("GET", "/api/v1/inputs")["inputs"][0].get("problem", ""))
        return any(why in one for one in problems)

    eventually(told, problems, PATIENCE)
    assert "wrong-one" not in words(server)
    assert place.runs() == []
    server.stop()
