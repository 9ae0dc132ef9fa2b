"""Starts the server of each service, an ordinary Debian package, inside its namespace."""

import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from content import RECORDS, WORDS
from network import GUEST, GUEST_ID, SAFE_ENVIRONMENT, Namespace
from plan import Plan

HERE = Path(__file__).resolve().parent
TUNNEL_SLOTS = 3  # WireGuard keys, and so tunnels that may be open at the same time

SERVER_DEVICE = "tsrwg"  # its control socket is reached from every namespace
TUNNEL_MTU = 1400  # bytes: with IPv6, UDP and WireGuard around it, still one packet on the wire


def tunnel_addresses(slot: int) -> tuple[str, str]:
    """(client's, server's): each slot has its own, so that tunnels do not share a route."""
    return f"192.168.77.{10 + slot}", f"192.168.77.{100 + slot}"


@dataclass
class Site:
    """Where one server is to run."""

    namespace: Namespace
    plan: Plan
    port: int
    work: Path  # shared by the run: certificate, content
    home: Path  # this server's own folder

    def start(self, *arguments: str) -> subprocess.Popen:
        return self.namespace.start(*arguments, log=self.home / "server.log", cwd=self.home)

    def config(self, template: str, **values: object) -> str:
        """Fills recording/templates/NAME and returns the path of the result."""
        content = (HERE / "templates" / template).read_text(encoding="utf-8")
        common = {"port": self.port, "work": self.work, "home": self.home}
        for key, value in {**common, **values}.items():
            content = content.replace(f"@{key}@", str(value))
        path = self.home / template
        path.write_text(content, encoding="utf-8")
        return str(path)


def start_nginx(site: Site) -> None:
    site.start("nginx", "-e", "stderr", "-c", site.config("nginx.conf"))


def start_websocket(site: Site) -> None:
    start_nginx(site)
    site.start(sys.executable, str(HERE / "websocket_server.py"), "9000")


def start_unbound(site: Site) -> None:
    rng = random.Random(f"{site.plan.seed}/{site.plan.run}/zone")
    records = []
    for number in range(RECORDS):
        name = f"{rng.choice(WORDS)}{number}.example."
        address = f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
        note = " ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 20)))
        records.append(f'local-data: "{name} IN A {address}"')
        records.append(f"local-data: '{name} IN TXT \"{note}\"'")
    protocol = "https" if site.namespace.service == "doh" else "tls"
    config = site.config("unbound.conf", protocol=protocol, records="\n  ".join(records))
    site.start("unbound", "-d", "-c", config)


def start_sshd(site: Site) -> None:
    Path("/run/sshd").mkdir(exist_ok=True)  # sshd's fixed folder for privilege separation
    site.start("/usr/sbin/sshd", "-D", "-e", "-f", site.config("sshd_config"))


def start_dovecot(site: Site) -> None:
    site.start("dovecot", "-F", "-c", site.config("dovecot.conf", guest=GUEST_ID))


def start_smtp(site: Site) -> None:
    program = [sys.executable, str(HERE / "smtp_server.py"), str(site.port)]
    site.start(*program, str(site.work / "cert.pem"), str(site.work / "key.pem"))


def start_mosquitto(site: Site) -> None:
    site.start("mosquitto", "-c", site.config("mosquitto.conf"))
    site.start(sys.executable, str(HERE / "telemetry.py"), str(site.plan.seed + site.plan.run))


def start_postgres(site: Site) -> None:
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    programs = max(versions, key=lambda path: int(path.parent.name))
    site.namespace.run("sysctl", "-qw", "net.ipv4.ip_unprivileged_port_start=0")
    as_user = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups")
    data = site.home / "data"
    subprocess.run(["chown", "postgres:postgres", str(site.home)], check=True)
    options = ("-D", str(data), "-A", "trust", "-U", GUEST, "--no-sync")
    subprocess.run(
        [*as_user, str(programs / "initdb"), *options],
        check=True,
        capture_output=True,
        env=SAFE_ENVIRONMENT,
        cwd=site.home,
    )
    for name in ("cert.pem", "key.pem"):  # PostgreSQL wants a key that it owns
        install = ["install", "-o", "postgres", "-m", "600", str(site.work / name)]
        subprocess.run([*install, str(data / name)], check=True)
    Path(site.config("postgresql.conf")).rename(data / "postgresql.conf")
    (data / "pg_hba.conf").write_text("hostssl all all all trust\nlocal all all trust\n")
    site.start(*as_user, str(programs / "postgres"), "-D", str(data))


def wireguard_keys(work: Path, name: str) -> tuple[Path, str]:
    """(file of the private key, public key), made at the first call."""
    path = work / f"{name}.wg"
    if not path.exists():
        secret = subprocess.run(["wg", "genkey"], capture_output=True, check=True).stdout
        path.write_bytes(secret)
    secret = path.read_bytes()
    public = subprocess.run(["wg", "pubkey"], input=secret, capture_output=True, check=True)
    return path, public.stdout.decode().strip()


def start_wireguard(site: Site) -> None:
    """A user-space WireGuard and, behind it, a web server on the tunnel's own address."""
    secret, public = wireguard_keys(site.work, "server")
    (site.work / "server.pub").write_text(public, encoding="utf-8")
    peers = []
    for slot in range(TUNNEL_SLOTS):
        peer = wireguard_keys(site.work, f"client{slot}")[1]
        peers += ["peer", peer, "allowed-ips", f"{tunnel_addresses(slot)[0]}/32"]
    site.start("wireguard-go", SERVER_DEVICE).wait(20)  # returns once the device is there
    settings = ("listen-port", str(site.port), "private-key", str(secret))
    site.namespace.run("wg", "set", SERVER_DEVICE, *settings, *peers)
    site.namespace.run("ip", "link", "set", SERVER_DEVICE, "mtu", str(TUNNEL_MTU), "up")
    for slot in range(TUNNEL_SLOTS):
        client, server = tunnel_addresses(slot)
        site.namespace.run("ip", "addr", "add", server, "peer", client, "dev", SERVER_DEVICE)
    site.start("nginx", "-e", "stderr", "-c", site.config("nginx-plain.conf"))


STARTERS: dict[str, Callable[[Site], None]] = {
    "web": start_nginx,
    "download": start_nginx,
    "streaming": start_nginx,
    "websocket": start_websocket,
    "doh": start_unbound,
    "dot": start_unbound,
    "ssh": start_sshd,
    "sftp": start_sshd,
    "imap": start_dovecot,
    "smtp": start_smtp,
    "mqtt": start_mosquitto,
    "postgres": start_postgres,
    "wireguard": start_wireguard,
}


def start_server(service: str, namespace: Namespace, plan: Plan, work: Path) -> None:
    home = work / f"server-{service}"
    home.mkdir()
    STARTERS[service](Site(namespace, plan, plan.ports[service], work, home))
