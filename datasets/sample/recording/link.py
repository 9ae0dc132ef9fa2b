"""A wire with delay: joins two TAP devices in user space, as a stand-in for `tc netem`.

Kernels of containers and small virtual machines often lack netem; TAP devices they have. Frames
cross a TAP device one by one with their checksums filled in, so a capture shows what a wire would.

Usage: link.py CLIENT_TAP SERVER_TAP PLAN.json SEED   (prints "ready" once both devices exist)
"""

import fcntl
import json
import os
import random
import select
import struct
import sys
import time
from collections import deque

TUNSETIFF = 0x400454CA  # linux/if_tun.h
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
LARGEST_FRAME = 65536


def open_tap(name: str) -> int:
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return tap


class Direction:
    """Frames on their way from one device to the other, oldest first; order is kept."""

    def __init__(self, source: int, target: int, plan: dict, rng: random.Random) -> None:
        self.source, self.target, self.plan, self.rng = source, target, plan, rng
        self.waiting: deque[tuple[float, bytes]] = deque()
        self.free_at = 0.0  # when the sender has put its last frame on the wire
        self.last_due = 0.0
        self.delay = 0.0  # seconds
        self.redraw_at = 0.0

    def current_delay(self, now: float) -> float:
        if now >= self.redraw_at:
            self.delay = self.rng.uniform(*self.plan["delay_ms"]) / 1e3
            self.redraw_at = now + self.rng.uniform(0.5, 3)
        return self.delay + self.rng.random() * self.plan["jitter_ms"] / 1e3

    def take(self, now: float) -> None:
        try:
            frame = os.read(self.source, LARGEST_FRAME)
        except OSError:  # nothing to read, or the device is not up yet
            return
        if self.rng.random() < self.plan["loss"]:
            return
        self.free_at = max(now, self.free_at) + len(frame) * 8 / (self.plan["rate_mbit"] * 1e6)
        self.last_due = max(self.last_due, self.free_at + self.current_delay(now))
        self.waiting.append((self.last_due, frame))

    def deliver(self, now: float) -> None:
        while self.waiting and self.waiting[0][0] <= now:
            frame = self.waiting.popleft()[1]
            try:
                os.write(self.target, frame)
            except OSError:  # the far device is down or its queue is full: the frame is lost
                pass

    def due(self) -> float:
        return self.waiting[0][0] if self.waiting else float("inf")


def relay(directions: list[Direction]) -> None:
    by_source = {direction.source: direction for direction in directions}
    while True:
        wait = min(direction.due() for direction in directions) - time.monotonic()
        readable, _, _ = select.select(list(by_source), [], [], min(max(wait, 0), 1))
        now = time.monotonic()
        for tap in readable:
            by_source[tap].take(now)
        for direction in directions:
            direction.deliver(now)


def main() -> None:
    client_name, server_name, plan_path, seed = sys.argv[1:]
    with open(plan_path, encoding="utf-8") as file:
        plan = json.load(file)
    client, server = open_tap(client_name), open_tap(server_name)
    print("ready", flush=True)
    rng = random.Random(seed)
    relay([Direction(client, server, plan, rng), Direction(server, client, plan, rng)])


if __name__ == "__main__":
    main()
