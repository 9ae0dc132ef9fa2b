"""Records runs: draws a plan for each, builds networks, starts servers, tcpdump and clients.

Called by record.sh, which installs the packages first.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from capture import Capture
from content import make_content
from network import Pair
from plan import SERVICES, Plan, draw_plan
from servers import start_server

HERE = Path(__file__).resolve().parent
SETTLE = 4  # seconds for the servers to open their ports


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder for run1, run2, ..")
    parser.add_argument("--runs", type=int, nargs="+", default=[1, 2, 3], help="their numbers")
    parser.add_argument("--seed", type=int, default=1, help="of all that is drawn")
    parser.add_argument("--flows", type=int, default=24, help="connections per service and run")
    parser.add_argument("--window", type=float, default=80, help="seconds in which they begin")
    parser.add_argument("--services", nargs="+", default=list(SERVICES), choices=SERVICES)
    return parser.parse_args()


def start_clients(pair: Pair, work: Path, options: argparse.Namespace) -> subprocess.Popen:
    program = [sys.executable, str(HERE / "clients.py"), pair.service, str(work / "plan.json")]
    arguments = [*program, str(options.flows), str(options.window)]
    return pair.client.start(*arguments, log=work / f"{pair.service}.clients.log", cwd=work)


def record_traffic(pairs: list[Pair], plan: Plan, work: Path, options: argparse.Namespace) -> None:
    for pair in pairs:
        pair.create()
        start_server(pair.service, pair.server, plan, work)
    time.sleep(SETTLE)
    captures = [Capture(pair, work) for pair in pairs]
    time.sleep(1)
    clients = [start_clients(pair, work, options) for pair in pairs]
    failed = [client for client in clients if client.wait(options.window * 3 + 120) != 0]
    time.sleep(1)
    for capture in captures:
        capture.stop(options.output / f"run{plan.run}")
    for pair in pairs:
        said = (work / f"{pair.service}.clients.log").read_text(encoding="utf-8")
        print(said, end="", flush=True)
    if failed:
        raise RuntimeError("more than one connection in ten failed: see the lines above")


def record_run(number: int, options: argparse.Namespace) -> None:
    plan = draw_plan(options.seed, number)
    with tempfile.TemporaryDirectory(prefix="record-") as folder:
        work = Path(folder)
        work.chmod(0o755)  # servers read it under users of their own
        make_content(plan, work)
        pairs = [Pair(service, plan, work) for service in options.services]
        try:
            record_traffic(pairs, plan, work, options)
        finally:
            for pair in pairs:
                pair.remove()


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the namespaces are removed
    options = parse_arguments()
    for number in options.runs:
        print(f"run {number} of {options.runs}, seed {options.seed}", flush=True)
        record_run(number, options)


if __name__ == "__main__":
    main()
