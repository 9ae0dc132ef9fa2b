"""Runs the clients of one service: so many connections, begun at random times within a window.

Usage: clients.py SERVICE PLAN.json FLOWS WINDOW_SECONDS   (inside the client's namespace)
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import clients_data
import clients_dns
import clients_http
import clients_mail
import clients_shell
from flow import FlowTask
from plan import flow_random, plan_from_dict

CLIENTS = {
    "web": clients_http.web,
    "download": clients_http.download,
    "streaming": clients_http.streaming,
    "websocket": clients_http.websocket,
    "doh": clients_dns.doh,
    "dot": clients_dns.dot,
    "ssh": clients_shell.ssh,
    "sftp": clients_shell.sftp,
    "imap": clients_mail.imap,
    "smtp": clients_mail.smtp,
    "mqtt": clients_data.mqtt,
    "postgres": clients_data.postgres,
    "wireguard": clients_data.wireguard,
}
PARALLEL = 3  # clients at a time


def run_flow(task: FlowTask, begin: float, slots: SimpleQueue) -> None:
    time.sleep(max(0.0, begin - time.monotonic()))
    task.slot = slots.get()
    try:
        CLIENTS[task.service](task)
    except Exception as error:  # one failed client must not end the recording; counted below
        print(f"{task.service} flow {task.flow}: {type(error).__name__}: {error}", flush=True)
        task.failed = True
    finally:
        slots.put(task.slot)


def main() -> int:
    service, plan_path, flows, window = sys.argv[1:]
    plan = plan_from_dict(json.loads(Path(plan_path).read_text(encoding="utf-8")))
    rng = flow_random(plan.seed, plan.run, service, -1)
    start = time.monotonic()
    begins = sorted(start + rng.uniform(0, float(window)) for _ in range(int(flows)))
    tasks = [FlowTask(plan, service, flow, Path(plan_path).parent) for flow in range(len(begins))]
    slots: SimpleQueue = SimpleQueue()
    for slot in range(PARALLEL):
        slots.put(slot)
    with ThreadPoolExecutor(PARALLEL) as pool:
        for task, begin in zip(tasks, begins, strict=True):
            pool.submit(run_flow, task, begin, slots)
    failed = sum(task.failed for task in tasks)
    print(f"{service}: {len(tasks) - failed} of {len(tasks)} connections done", flush=True)
    return 1 if failed * 10 > len(tasks) else 0


if __name__ == "__main__":
    sys.exit(main())
