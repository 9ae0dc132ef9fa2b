"""Sensors and displays (MQTT), a database (PostgreSQL) and a tunnel (WireGuard)."""

import subprocess

from content import FILES, PAGES, WORDS
from flow import LIMIT, FlowTask
from servers import SERVER_DEVICE, TUNNEL_MTU, tunnel_addresses, wireguard_keys
from telemetry import TOPICS


def mqtt(task: FlowTask) -> None:
    """A sensor that publishes a reading now and then, or a display that listens for a while."""
    broker = ["-h", task.name, "-p", str(task.port), "--cafile", task.certificate]
    broker += ["--tls-version", "tlsv1.3", "-q", str(task.rng.randrange(3))]
    if task.rng.random() < 0.5:
        chosen = task.rng.sample(TOPICS, task.rng.randrange(1, 5))
        topics = [part for topic in chosen for part in ("-t", topic)]
        command = ["mosquitto_sub", *broker, *topics, "-W", str(task.rng.randrange(3, 10))]
        subprocess.run(command, capture_output=True, timeout=LIMIT, check=False)  # -W: 27
        return
    lines = []
    for _ in range(task.rng.randrange(2, 13)):
        note = "n" * task.size(40, 0.8, 1, 600)
        reading = f'{{"t": {task.rng.uniform(15, 30):.2f}, "note": "{note}"}}\n'
        lines.append((task.pause(0.6), reading.encode()))
    task.feed(["mosquitto_pub", *broker, "-t", "sensors", "-l"], lines)


def draw_statement(task: FlowTask) -> str:
    rows = task.size(20, 1.0, 1, 200)
    word = task.rng.choice(WORDS)
    return task.rng.choice((
        f"SELECT count(*) FROM pg_class WHERE relname LIKE '{word[0]}%';",
        f"SELECT i, md5(i::text) FROM generate_series(1, {rows}) i;",
        f"SELECT relname, relpages FROM pg_class LIMIT {rows};",
        f"SELECT repeat('{word} ', {rows});",
        f"CREATE TEMP TABLE IF NOT EXISTS t (i int, w text); INSERT INTO t VALUES (1, '{word}');",
        "SELECT now();",
    ))


def postgres(task: FlowTask) -> None:
    """A user who asks one question after the other."""
    address = f"host={task.name} port={task.port} user=guest dbname=postgres sslmode=verify-full"
    target = f"{address} sslrootcert={task.certificate} application_name=sample"
    command = ["psql", "-X", "-q", target]
    if task.rng.random() < 0.3:  # a program that asks all at once
        pauses = [0.0] * task.rng.randrange(5, 20)
    else:
        pauses = [task.pause(0.7) for _ in range(task.rng.randrange(1, 10))]
    task.feed(command, [(pause, draw_statement(task).encode() + b"\n") for pause in pauses])


def open_tunnel(task: FlowTask, device: str) -> None:
    port = str(task.rng.randrange(20000, 60000))
    end = f"[{task.host.server}]" if ":" in task.host.server else task.host.server
    key = str(task.work / f"client{task.slot}.wg")
    server = (task.work / "server.pub").read_text(encoding="utf-8")
    task.call("wireguard-go", device)
    here, there = tunnel_addresses(task.slot)
    peer = ("peer", server, "allowed-ips", f"{there}/32", "endpoint", f"{end}:{task.port}")
    keepalive = task.rng.choice(((), ("persistent-keepalive", "2")))
    task.call("wg", "set", device, "listen-port", port, "private-key", key, *peer, *keepalive)
    task.call("ip", "addr", "add", here, "peer", there, "dev", device)
    task.call("ip", "link", "set", device, "mtu", str(TUNNEL_MTU), "up")


def use_tunnel(task: FlowTask) -> None:
    server = tunnel_addresses(task.slot)[1]
    kind = task.rng.choice(("ping", "page", "page", "file"))
    if kind == "ping":
        task.call("ping", "-q", "-c", str(task.rng.randrange(2, 8)), "-i", "0.3", server)
    elif kind == "page":
        page = task.rng.randrange(PAGES)
        names = sorted(path.name for path in (task.work / f"www/pages/{page}").iterdir())
        folder = f"http://{server}/pages/{page}"
        targets = [part for name in names for part in ("-o", "/dev/null", f"{folder}/{name}")]
        task.call("curl", "-sS", *targets)
    else:
        part = ("-r", f"0-{task.size(25000, 0.5, 5000, 80000)}")
        target = f"http://{server}/files/{task.rng.randrange(FILES)}.bin"
        task.call("curl", "-sS", "-o", "/dev/null", *part, target)


def forget_tunnel(task: FlowTask) -> None:
    """Makes the server forget where this slot's peer was, or it would go on calling there."""
    peer = wireguard_keys(task.work, f"client{task.slot}")[1]
    task.call("wg", "set", SERVER_DEVICE, "peer", peer, "remove")
    address = f"{tunnel_addresses(task.slot)[0]}/32"
    task.call("wg", "set", SERVER_DEVICE, "peer", peer, "allowed-ips", address)


def wireguard(task: FlowTask) -> None:
    """A tunnel for a few seconds, from a source port of its own, with web pages or pings inside."""
    device = f"tsrwg{task.slot}"
    open_tunnel(task, device)
    try:
        for _ in range(task.rng.choice((1, 1, 2))):
            use_tunnel(task)
            task.think(0.5)
    finally:
        task.call("ip", "link", "del", device)
        forget_tunnel(task)
