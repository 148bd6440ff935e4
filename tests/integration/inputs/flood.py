"""A topic full of records, and a server that has a run for each beside a schedule of every second."""

from __future__ import annotations

from pathlib import Path
from time import monotonic, sleep

from kafka_broker import Broker
from serving import Server, find_port, spawn
from state_rows import rows

PARTITIONS = 4
PATIENCE = 1_200
FLOOD = """
id: flood
triggers:
  - id: records
    type: kafka
    connection: {{type: kafka, brokers: "{address}"}}
    topics: flood
    inputs: {{n: "{{{{ event.data.value }}}}"}}
inputs: [{{id: n, type: int}}]
tasks: [{{id: work, type: log, message: "{{{{ inputs.n }}}}"}}]
"""
TICKS = """
id: ticks
triggers: [{id: each_second, type: schedule, cron: "* * * * * *"}]
tasks: [{id: work, type: log, message: "{{ run.scheduled_for }}"}]
"""


class Flood:
    """The records are there before the server is."""

    def __init__(self, broker: Broker, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count
        self.memory = 0  # resident bytes, the most that was seen
        self.seconds = 0.0  # from the start of the server until the last run had ended
        broker.create("flood", PARTITIONS)
        producer = broker.producer(**{"linger.ms": 20})
        for number in range(count):
            while len(producer) > 50_000:
                producer.poll(0.1)
            producer.produce("flood", value=str(number), partition=number % PARTITIONS)
        assert producer.flush(PATIENCE) == 0
        flood = FLOOD.format(address=broker.address)
        (folder / "flood.yaml").write_text(flood, encoding="utf-8")
        (folder / "ticks.yaml").write_text(TICKS, encoding="utf-8")

    def come(self) -> Server:
        """Returns when each record has had its run; the server goes on."""
        begun = monotonic()
        server = find_port(spawn(self.folder))
        done = "SELECT count(*) FROM run WHERE flow_id = 'flood' AND state = 'completed'"
        while self.rows(done) != [(self.count,)]:
            assert monotonic() - begun < PATIENCE, self.rows(
                "SELECT state, count(*) FROM event GROUP BY 1"
            )
            self.memory = max(self.memory, resident(server.process.pid))
            sleep(0.5)
        self.seconds = monotonic() - begun
        return server

    def rows(self, sql: str) -> list[tuple]:
        return rows(self.folder, sql)

    def late(self) -> list[int]:
        """How long after their time the runs of the schedule were begun, in ms, ascending."""
        found = self.rows("SELECT at - scheduled_for FROM tick WHERE state = 'run' ORDER BY 1")
        return [late for (late,) in found]


def resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    raise AssertionError("no VmRSS")
