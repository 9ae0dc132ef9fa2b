"""Counts flows, packets and bytes of the recorded captures, and how far a port look-up would get.

Usage: summary.py FOLDER   (with run1, run2, ..; needs tshark)
"""

import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

FIELDS = ("ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport",
          "udp.srcport", "udp.dstport", "frame.len")  # fmt: skip


def read_packets(capture: Path) -> list[list[str]]:
    options = [part for field in FIELDS for part in ("-e", field)]
    command = ["tshark", "-n", "-r", str(capture), "-T", "fields", "-E", "occurrence=f", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def count_flows(rows: list[list[str]]) -> dict[tuple, int]:
    """Packets by (protocol, both ends); an end is (address, port)."""
    flows: dict[tuple, int] = Counter()
    for source4, target4, source6, target6, tcp_from, tcp_to, udp_from, udp_to, _ in rows:
        protocol = "tcp" if tcp_from else "udp"
        ends = ((source4 or source6, tcp_from or udp_from), (target4 or target6, tcp_to or udp_to))
        flows[(protocol, *sorted(ends))] += 1
    return flows


def server_port(flows: dict[tuple, int]) -> str:
    """The port that all flows of a file share."""
    ports = Counter(port for _, *ends in flows for port in {port for _, port in ends})
    return ports.most_common(1)[0][0]


def macro_f1(pairs: list[tuple[str, str]]) -> float:
    """Of (truth, prediction), over the classes of the truth."""
    scores = []
    for label in {truth for truth, _ in pairs}:
        hits = sum(truth == guess == label for truth, guess in pairs)
        claimed = sum(guess == label for _, guess in pairs)
        real = sum(truth == label for truth, _ in pairs)
        scores.append(2 * hits / (claimed + real))
    return sum(scores) / len(scores)


def port_lookup(flows: list[tuple[str, str, str]], held_back: str) -> float:
    """Macro-F1 on one run of the service seen most often at a port in the other runs."""
    seen: dict[str, Counter] = defaultdict(Counter)
    for run, service, port in flows:
        if run != held_back:
            seen[port][service] += 1
    pairs = [
        (service, seen[port].most_common(1)[0][0] if port in seen else "")
        for run, service, port in flows
        if run == held_back
    ]
    return macro_f1(pairs)


def main() -> None:
    folder = Path(sys.argv[1])
    runs = sorted(path.name for path in folder.glob("run*"))
    services = sorted({path.stem for path in folder.glob("run*/*.pcap*")})
    listed: list[tuple[str, str, str]] = []
    heads = [f"{run}: port, flows, packets" for run in runs]
    print("| service | " + " | ".join(heads) + " | bytes kept |")
    print("|---|" + "---|" * (len(runs) + 1))
    for service in services:
        cells, size = [], 0
        for run in runs:
            capture = next((folder / run).glob(f"{service}.pcap*"))
            rows = read_packets(capture)
            flows = count_flows(rows)
            port = server_port(flows)
            listed += [(run, service, port)] * len(flows)
            cells.append(f"{port}, {len(flows)}, {len(rows)}")
            size += capture.stat().st_size
            short = sum(packets < 3 for packets in flows.values())
            if short:
                print(f"{capture}: {short} flows of fewer than 3 packets", file=sys.stderr)
        print(f"| {service} | " + " | ".join(cells) + f" | {size} |")
    total = sum(path.stat().st_size for path in folder.glob("run*/*.pcap*"))
    print(f"{len(listed)} flows, {total} bytes")
    for run in runs:
        print(f"port look-up, {run} held back: macro-F1 {port_lookup(listed, run):.3f}")


if __name__ == "__main__":
    main()
