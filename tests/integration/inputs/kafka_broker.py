"""A real Kafka broker (KRaft) in a folder of its own, for tests: on loopback, on ports that were free."""

from __future__ import annotations

import datetime
import ipaddress
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from time import monotonic, sleep

from confluent_kafka import Producer
from confluent_kafka.admin import (
    AdminClient,
    NewTopic,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).resolve().parents[3]
JARS = ROOT / "build" / "kafka"
PASSWORD = "k4fka-Pa55word-0815"
PATIENCE = 120
# Listener → how it is spoken to. The last three have certificates that must not be believed.
LISTENERS = {
    "PLAIN": "PLAINTEXT",
    "CONTROLLER": "PLAINTEXT",
    "TLS": "SSL",
    "SASL": "SASL_SSL",
    "EXPIRED": "SSL",
    "ELSEWHERE": "SSL",
    "STRANGER": "SSL",
}


class Broker:
    """Ends with `stop`, which also removes its folder."""

    def __init__(self) -> None:
        assert any(JARS.glob("kafka_*.jar")), "no Kafka broker: ./dev test fetches it"
        self.folder = Path(tempfile.mkdtemp(prefix="cordyna-kafka-"))
        self.log = self.folder / "log"
        self.ports: dict[str, int] = {}
        self.running: subprocess.Popen[bytes] | None = None
        authority = Authority("authority")
        self.ca_file = self.folder / "ca.pem"
        self.ca_file.write_text(authority.pem, encoding="ascii")
        # Somebody else may be given a port between our look and the broker's.
        for last in (False, False, True):
            self.ports = dict(zip(LISTENERS, free_ports(len(LISTENERS)), strict=True))
            settings = self.folder / "server.properties"
            settings.write_text(self.settings(authority), encoding="utf-8")
            self.format()
            try:
                self.start()
                return
            except AssertionError:
                self.kill()
                if last or "BindException" not in self.words():
                    raise
                shutil.rmtree(self.folder / "data")

    def format(self) -> None:
        self.java(
            "kafka.tools.StorageTool",
            *("format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", "server.properties"),
        ).wait(PATIENCE)

    @property
    def address(self) -> str:
        return self.at("PLAIN")

    def at(self, listener: str) -> str:
        return f"127.0.0.1:{self.ports[listener]}"

    def settings(self, authority: Authority) -> str:
        lines = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{self.at('CONTROLLER')}",
            "listeners": ",".join(f"{name}://{self.at(name)}" for name in LISTENERS),
            "advertised.listeners": ",".join(
                f"{name}://{self.at(name)}" for name in LISTENERS if name != "CONTROLLER"
            ),
            "listener.security.protocol.map": ",".join(
                f"{name}:{how}" for name, how in LISTENERS.items()
            ),
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAIN",
            "log.dirs": str(self.folder / "data"),
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "2",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "1",
            # It is back at once after it was killed.
            "broker.heartbeat.interval.ms": "300",
            "broker.session.timeout.ms": "1500",
            "group.initial.rebalance.delay.ms": "0",
            "auto.create.topics.enable": "false",
            "message.max.bytes": str(24 << 20),
            "replica.fetch.max.bytes": str(24 << 20),
            "log.retention.check.interval.ms": "1000",
            "log.segment.delete.delay.ms": "0",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
            "listener.name.sasl.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
            "listener.name.sasl.plain.sasl.jaas.config": (
                "org.apache.kafka.common.security.plain.PlainLoginModule required "
                f'user_app="{PASSWORD}";'
            ),
        }
        for listener, certificate in {
            "tls": authority.certificate(),
            "sasl": authority.certificate(),
            "expired": authority.certificate(days=-1),
            "elsewhere": authority.certificate(address="127.9.9.9"),
            "stranger": Authority("stranger").certificate(),
        }.items():
            store = self.folder / f"{listener}.pem"
            store.write_text(certificate, encoding="ascii")
            lines[f"listener.name.{listener}.ssl.keystore.type"] = "PEM"
            lines[f"listener.name.{listener}.ssl.keystore.location"] = str(store)
        return "".join(f"{key}={value}\n" for key, value in lines.items())

    def java(self, main: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                ["java", "-Xmx320m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                 "-cp", f"{JARS}/*", main, *arguments],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )  # fmt: skip

    def start(self) -> None:
        begin = self.log.stat().st_size
        self.running = self.java("kafka.Kafka", "server.properties")
        until = monotonic() + PATIENCE
        while "Kafka Server started" not in self.words(begin):
            assert self.running.poll() is None, self.words(begin)[-4000:]
            assert monotonic() < until, self.words(begin)[-4000:]
            sleep(0.05)

    def words(self, begin: int = 0) -> str:
        with self.log.open("rb") as log:
            log.seek(begin)
            return log.read().decode(errors="replace")

    def kill(self) -> None:
        """As when its machine goes away; what was acknowledged is on the disk."""
        if self.running is not None:
            self.running.kill()
            self.running.wait()
            self.running = None

    def restart(self) -> None:
        self.kill()
        self.start()

    def hold(self, held: bool) -> None:
        """Stops it in the middle of what it does, or lets it go on."""
        assert self.running is not None
        os.kill(self.running.pid, signal.SIGSTOP if held else signal.SIGCONT)

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.address, "log_level": 0})

    def add_user(self) -> None:
        """Who may come by SCRAM."""
        admin = self.admin()
        how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        user = UserScramCredentialUpsertion("app", how, PASSWORD.encode())
        for done in admin.alter_user_scram_credentials([user]).values():
            done.result(PATIENCE)

    def create(self, topic: str, partitions: int = 4, **config: str) -> None:
        admin = self.admin()
        made = admin.create_topics([NewTopic(topic, partitions, 1, config=config)])
        made[topic].result(PATIENCE)

    def delete(self, topic: str) -> None:
        admin = self.admin()
        admin.delete_topics([topic])[topic].result(PATIENCE)

    def producer(self, **settings: object) -> Producer:
        return Producer(
            {
                "bootstrap.servers": self.address,
                "enable.idempotence": True,
                "message.max.bytes": 24 << 20,
                "linger.ms": 2,
                "log_level": 0,  # it says much of brokers that are killed
                **settings,
            }
        )

    def send(self, topic: str, *values: str | bytes | None, **more: object) -> None:
        """Returns when the broker has them all."""
        producer = self.producer()
        for value in values:
            producer.produce(topic, value=value, **more)
        assert producer.flush(PATIENCE) == 0


class Authority:
    """Signs certificates."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.pem = pem_of(
            builder(self.name, self.name, self.key, 30)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )

    def certificate(self, address: str = "127.0.0.1", days: int = 30) -> str:
        """Key and chain, for this many days from now; fewer than 0: it was good once."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        signed = (
            builder(subject, self.name, key, days)
            .add_extension(names, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()
        return private + pem_of(signed) + self.pem


def builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=60))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def pem_of(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def free_ports(count: int) -> list[int]:
    """Of different numbers: all are held until the last one is found."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()
