"""What differs between runs, drawn from (seed, run) alone: addresses, ports, delays, habits."""

import random
from dataclasses import asdict, dataclass
from typing import Any

HTTPS = ("web", "download", "streaming", "websocket", "doh")
SHELL = ("ssh", "sftp")
OTHERS = ("dot", "imap", "smtp", "mqtt", "postgres", "wireguard")
SERVICES = HTTPS + SHELL + OTHERS

HTTPS_PORT = 443
SHELL_PORTS = (22, 2222, 443)
# The six other services are dealt six of these ports anew in every run, so that a port says little.
OTHER_PORTS = (443, 465, 853, 993, 5061, 5432, 8443, 8883, 51820)

WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "islet", "juniper")
NAMES_PER_SERVICE = 8
FORMATS = ("pcap", "pcapng", "pcap-ns")  # microseconds, pcapng, nanoseconds: one after the other


@dataclass
class Host:
    """One server name of a service: where it is and from which address the clients reach it."""

    name: str
    server: str
    client: str


@dataclass
class Plan:
    seed: int
    run: int
    file_format: str
    hosts: dict[str, list[Host]]  # by service
    ports: dict[str, int]  # by service
    client_mac: str
    server_mac: str
    hops: int  # routers that the servers' TTL seems to have crossed
    mtu: int  # bytes
    delay_ms: tuple[float, float]  # one way; drawn anew from this range every second or so
    jitter_ms: float
    loss: float  # probability for one packet
    rate_mbit: float
    size_scale: float  # how large this run's pages, files and messages are
    pause_scale: float  # how long this run's users think

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def flow_random(seed: int, run: int, service: str, flow: int) -> random.Random:
    return random.Random(f"{seed}/{run}/{service}/{flow}")


def mac(rng: random.Random) -> str:
    """A locally administered unicast address."""
    octets = [0x02] + [rng.randrange(256) for _ in range(5)]
    return ":".join(f"{octet:02x}" for octet in octets)


def draw_hosts(rng: random.Random, services: tuple[str, ...]) -> dict[str, list[Host]]:
    """Eight names for every service, the same words for all, a quarter to a half of them IPv6.

    All services share the clients; no two share a server, so that no 5-tuple occurs twice in a run.
    """
    words = rng.sample(WORDS, NAMES_PER_SERVICE)
    ipv6 = set(rng.sample(words, rng.choice((2, 3, 4))))
    lan, farm = rng.randrange(256), rng.randrange(256)
    site4, site6 = rng.randrange(16, 128), f"fd{rng.randrange(256):02x}:{rng.randrange(65536):x}"
    clients4 = [f"10.{site4}.{lan}.{host}" for host in rng.sample(range(2, 250), 3)]
    clients6 = [f"{site6}:1::{host:x}" for host in rng.sample(range(2, 65000), 2)]
    numbers = iter(rng.sample(range(2, 250), len(services) * NAMES_PER_SERVICE))
    hosts: dict[str, list[Host]] = {}
    for service in services:
        hosts[service] = []
        for word in words:
            number = next(numbers)
            if word in ipv6:
                server, client = f"{site6}:2::{number:x}", rng.choice(clients6)
            else:
                server, client = f"10.{site4 + 100}.{farm}.{number}", rng.choice(clients4)
            hosts[service].append(Host(f"{word}.example", server, client))
    return hosts


def draw_ports(rng: random.Random) -> dict[str, int]:
    ports = dict.fromkeys(HTTPS, HTTPS_PORT)
    ports.update(dict.fromkeys(SHELL, rng.choice(SHELL_PORTS)))
    ports.update(zip(OTHERS, rng.sample(OTHER_PORTS, len(OTHERS)), strict=True))
    return ports


def draw_plan(seed: int, run: int) -> Plan:
    rng = random.Random(f"{seed}/{run}")
    nearest = rng.uniform(2, 15)
    return Plan(
        seed=seed,
        run=run,
        file_format=FORMATS[(run - 1) % len(FORMATS)],
        hosts=draw_hosts(rng, SERVICES),
        ports=draw_ports(rng),
        client_mac=mac(rng),
        server_mac=mac(rng),
        hops=rng.randrange(4, 17),
        mtu=rng.choice((1500, 1500, 1492)),
        delay_ms=(nearest, nearest * rng.uniform(2, 4)),
        jitter_ms=rng.uniform(0.2, 1.5),
        loss=rng.uniform(0.0005, 0.004),
        rate_mbit=rng.uniform(8, 40),
        size_scale=rng.lognormvariate(0, 0.2),
        pause_scale=rng.lognormvariate(0, 0.2),
    )


def plan_from_dict(values: dict[str, Any]) -> Plan:
    hosts = {service: [Host(**host) for host in rows] for service, rows in values["hosts"].items()}
    return Plan(**{**values, "hosts": hosts})
