"""Two network namespaces a service, client and server, joined by a wire of link.py."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from plan import Plan

PREFIX = "tsr"
HERE = Path(__file__).resolve().parent
ETC = Path("/etc/netns")  # `ip netns exec` lays these files over /etc
SAFE_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/nonexistent",
    "PYTHONDONTWRITEBYTECODE": "1",
}
GUEST = "guest"
GUEST_ID = 64123


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def output_of(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def prefix_length(address: str) -> str:
    return f"{address}/128" if ":" in address else f"{address}/32"


class Namespace:
    def __init__(self, service: str, side: str) -> None:
        self.service, self.side = service, side
        self.name = f"{PREFIX}-{service}-{side}"
        self.tap = f"{PREFIX}{service[:9]}{side[0]}"

    def command(self, *arguments: str) -> list[str]:
        """Runs arguments inside, under a neutral host name."""
        rename = 'hostname "$0" && exec "$@"'
        return [
            *("ip", "netns", "exec", self.name, "unshare", "--uts"),
            *("sh", "-c", rename, self.side, *arguments),
        ]

    def run(self, *arguments: str) -> None:
        subprocess.run(self.command(*arguments), check=True, env=SAFE_ENVIRONMENT)

    def start(self, *arguments: str, log: Path, cwd: Path | None = None) -> subprocess.Popen:
        with log.open("ab") as output:
            return subprocess.Popen(
                self.command(*arguments),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=SAFE_ENVIRONMENT,
                cwd=cwd,
            )

    def create(self) -> None:
        self.remove()
        ip("netns", "add", self.name)
        ip("-n", self.name, "link", "set", "lo", "up")
        for key, value in (("autoconf", 0), ("accept_ra", 0), ("router_solicitations", 0)):
            self.run("sysctl", "-qw", f"net.ipv6.conf.default.{key}={value}")

    def write_accounts(self, home: Path) -> None:
        """One guest account that exists in this namespace only."""
        folder = ETC / self.name
        folder.mkdir(parents=True, exist_ok=True)
        line = f"{GUEST}:x:{GUEST_ID}:65534:guest:{home}:/bin/bash\n"
        passwd = Path("/etc/passwd").read_text(encoding="utf-8")
        (folder / "passwd").write_text(passwd + line, encoding="utf-8")
        shadow = folder / "shadow"
        shadow.touch(mode=0o600)
        known = Path("/etc/shadow").read_text(encoding="utf-8")
        shadow.write_text(f"{known}{GUEST}:*:19700::::::\n", encoding="utf-8")

    def write_hosts(self, lines: list[str]) -> None:
        folder = ETC / self.name
        folder.mkdir(parents=True, exist_ok=True)
        local = ["127.0.0.1 localhost", "::1 localhost", f"127.0.1.1 {self.side}"]
        (folder / "hosts").write_text("\n".join(local + lines) + "\n", encoding="utf-8")
        (folder / "resolv.conf").write_text("# no resolver in here\n", encoding="utf-8")

    def attach(self, mac: str, mtu: int, addresses: list[str]) -> None:
        ip("link", "set", self.tap, "netns", self.name)
        ip("-n", self.name, "link", "set", self.tap, "address", mac, "mtu", str(mtu), "up")
        for address in addresses:
            nodad = ["nodad"] if ":" in address else []
            ip("-n", self.name, "addr", "add", prefix_length(address), "dev", self.tap, *nodad)

    def route(self, target: str, source: str | None = None) -> None:
        extra = ["src", source] if source else []
        ip("-n", self.name, "route", "replace", prefix_length(target), "dev", self.tap, *extra)

    def remove(self) -> None:
        if self.name in output_of("ip", "netns", "list").split():
            self.end_processes(signal.SIGTERM)
            self.end_processes(signal.SIGKILL)
            ip("netns", "del", self.name)
        shutil.rmtree(ETC / self.name, ignore_errors=True)
        if ETC.exists() and not any(ETC.iterdir()):
            ETC.rmdir()

    def end_processes(self, how: signal.Signals) -> None:
        for _ in range(20):
            pids = output_of("ip", "netns", "pids", self.name).split()
            if not pids:
                return
            for pid in pids:
                try:
                    os.kill(int(pid), how)
                except ProcessLookupError:
                    pass
            time.sleep(0.1)


class Pair:
    """The client's and the server's namespace of one service."""

    def __init__(self, service: str, plan: Plan, work: Path) -> None:
        self.service, self.plan, self.work = service, plan, work
        self.client, self.server = Namespace(service, "client"), Namespace(service, "server")
        self.wire: subprocess.Popen | None = None

    def create(self) -> None:
        self.client.create()
        self.server.create()
        self.start_wire()
        hosts = self.plan.hosts[self.service]
        clients = sorted({host.client for host in hosts})
        self.client.attach(self.plan.client_mac, self.plan.mtu, clients)
        self.server.attach(self.plan.server_mac, self.plan.mtu, [host.server for host in hosts])
        for host in hosts:
            self.client.route(host.server, host.client)
        for client in clients:
            self.server.route(client)
        ttl = 64 - self.plan.hops
        self.server.run("sysctl", "-qw", f"net.ipv4.ip_default_ttl={ttl}")
        self.server.run("sysctl", "-qw", f"net.ipv6.conf.{self.server.tap}.hop_limit={ttl}")
        names = [f"{host.server} {host.name}" for host in hosts]
        self.client.write_hosts(names)
        self.server.write_hosts([])
        self.server.write_accounts(self.work / "home")

    def start_wire(self) -> None:
        plan_path = self.work / "plan.json"
        plan_path.write_text(json.dumps(self.plan.as_dict()), encoding="utf-8")
        seed = f"{self.plan.seed}/{self.plan.run}/{self.service}/wire"
        program = [sys.executable, str(HERE / "link.py"), self.client.tap, self.server.tap]
        self.wire = subprocess.Popen(
            [*program, str(plan_path), seed], stdout=subprocess.PIPE, env=SAFE_ENVIRONMENT
        )
        if self.wire.stdout is None or self.wire.stdout.readline() != b"ready\n":
            raise RuntimeError(f"{self.service}: cannot make TAP devices; is /dev/net/tun there?")

    def remove(self) -> None:
        self.client.remove()
        self.server.remove()
        if self.wire:
            self.wire.terminate()
            self.wire.wait()
