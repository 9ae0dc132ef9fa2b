"""One connection to be made: whom to talk to, and this flow's own random numbers."""

import os
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

from plan import Plan, flow_random

LIMIT = 30  # seconds that one client program may take


def complain(program: subprocess.Popen | subprocess.CompletedProcess, said: bytes) -> None:
    if program.returncode != 0:
        last = said.decode(errors="replace").strip()[-200:]
        raise RuntimeError(f"{program.args[0]} ended with {program.returncode}: {last}")


class FlowTask:
    def __init__(self, plan: Plan, service: str, flow: int, work: Path) -> None:
        self.plan, self.service, self.flow, self.work = plan, service, flow, work
        self.rng = flow_random(plan.seed, plan.run, service, flow)
        self.host = self.rng.choice(plan.hosts[service])
        self.port = plan.ports[service]
        self.slot = 0
        self.failed = False

    @property
    def name(self) -> str:
        return self.host.name

    @property
    def url(self) -> str:
        return f"https://{self.name}:{self.port}"

    @property
    def certificate(self) -> str:
        return str(self.work / "cert.pem")

    def size(self, median: float, spread: float, low: int, high: int) -> int:
        """A size in bytes around the median, larger or smaller with the run."""
        drawn = self.rng.lognormvariate(0, spread) * median * self.plan.size_scale
        return int(min(max(drawn, low), high))

    def pause(self, mean: float, longest: float = 4.0) -> float:
        """Seconds of thinking time, drawn."""
        return min(self.rng.expovariate(1 / (mean * self.plan.pause_scale)), longest)

    def think(self, mean: float, longest: float = 4.0) -> None:
        time.sleep(self.pause(mean, longest))

    def call(self, *arguments: str, feed: bytes | None = None) -> None:
        """Runs a client program; a fault of it is this flow's fault."""
        done = subprocess.run(
            arguments, input=feed, capture_output=True, timeout=LIMIT, cwd=self.work, check=False
        )
        complain(done, done.stderr or done.stdout)

    def feed(self, arguments: list[str], lines: list[tuple[float, bytes]]) -> None:
        """Runs a program and writes (seconds to wait, bytes) to it one after the other."""
        with tempfile.TemporaryFile() as said, subprocess.Popen(
            arguments, bufsize=0, stdin=subprocess.PIPE, stdout=said, stderr=said, cwd=self.work
        ) as program:
            try:
                for wait, line in lines:
                    time.sleep(wait)
                    program.stdin.write(line)
                program.stdin.close()
                program.wait(LIMIT)
            except BrokenPipeError:  # it ended before it had read all: the return code tells
                program.wait(LIMIT)
            finally:
                program.kill()
            said.seek(0)
            complain(program, said.read())

    def tls_context(self, alpn: list[str] | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.certificate)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        if alpn:
            context.set_alpn_protocols(alpn)
        return context

    def connect(self, alpn: list[str] | None = None) -> ssl.SSLSocket:
        plain = socket.create_connection((self.name, self.port), timeout=LIMIT)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.tls_context(alpn).wrap_socket(plain, server_hostname=self.name)

    def scratch(self, content: bytes) -> str:
        """A file of this flow's own with the given content."""
        path = self.work / f"client-{self.service}-{self.flow}-{os.urandom(3).hex()}"
        path.write_bytes(content)
        return str(path)
