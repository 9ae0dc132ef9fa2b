#!/usr/bin/env python3
"""Ends one of two ranks in many ways: the job must end by itself, say why, and be good to go on with. A file
system that does not answer for some seconds must not end it.

faults_test.py WORKER [--all] [--kills N]
  --all      every kind of fault on either rank in every phase: 12 x 4 cases (10 minutes)
  --kills N  also: kill -9 at N random moments, then go on; the weights must be those of a run in one piece
"""
import argparse
import hashlib
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KINDS = ["stop", "kill", "exit", "throw", "block", "crash"]
PHASES = ["init", "step", "collective", "save"]
SHORT = [("stop", "step", 1), ("stop", "save", 0), ("block", "collective", 1), ("exit", "step", 1),
         ("stop", "init", 1)]
WATCHED = {"stop", "block"}  # nobody but the watchdog sees these
STALL = 5  # s, more than the 2 s of the watchdog
LIMIT = 30  # s a case may take: the watchdog waits 2 s, starting and ending MPI the rest
STEPS = 2400  # ends long after every fault has struck; a run goes on with its own number of steps only


def start(worker, folder, steps, kind="none", phase="none", rank=0):
    command = ["mpirun", "--oversubscribe", "-n", "2", worker, str(folder), str(steps), kind, phase, str(rank)]
    environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                       OMPI_MCA_mpi_yield_when_idle="1")
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env=environment, start_new_session=True)


def ended(process):
    """Exit code and output; None when it hangs."""
    try:
        output, _ = process.communicate(timeout=LIMIT)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return None, process.communicate()[0]


def weights(folder):
    return hashlib.sha256((folder / f"checkpoints/step-{STEPS}/model.safetensors").read_bytes()).hexdigest()


def check_fault(worker, folder, kind, phase, rank):
    """A complaint, or None."""
    begin = time.monotonic()
    code, output = ended(start(worker, folder, STEPS, kind, phase, rank))
    seconds = time.monotonic() - begin
    if code is None:
        return f"hangs\n{output}"
    if code == 0:
        return f"exit code 0\n{output}"
    if kind in WATCHED and not (kind == "stop" and phase == "init" and rank == 0):
        if f"rank {rank}" not in output or "the job is ended" not in output:
            return f"rank {rank} is not named\n{output}"
    print(f"  {kind} in {phase} on rank {rank}: exit code {code} after {seconds:.1f} s", flush=True)
    return None


def check_goes_on(worker, folder):
    code, output = ended(start(worker, folder, STEPS))
    return None if code == 0 else f"does not go on: exit code {code}\n{output}"


def check_stall(worker, folder, phase):
    """Rank 1 waits for its data, or the root for its record: a pipe that nobody reads takes the place of a file."""
    pipe = None
    if phase == "record":
        folder.mkdir()
        os.mkfifo(folder / "ranks.json.new")
    process = start(worker, folder, STEPS, "stall", phase, 1)
    if phase == "record":
        record = folder / "metrics.jsonl"
        end = time.monotonic() + LIMIT
        while time.monotonic() < end and not (record.exists() and record.stat().st_size):
            time.sleep(0.1)
        time.sleep(STALL)
        pipe = os.open(folder / "ranks.json.new", os.O_RDONLY | os.O_NONBLOCK)
    code, output = ended(process)
    if pipe is not None:
        os.close(pipe)
    print(f"  {STALL} s without an answer of the disk in {phase}: exit code {code}", flush=True)
    return None if code == 0 else f"exit code {code}\n{output}"


def descendants(pid):
    """The process and all that it started."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += descendants(int(child))
    return found


def check_suspended(worker, folder):
    """The whole job stands for longer than the watchdog's limit, as under `scontrol suspend`, and goes on."""
    process = start(worker, folder, STEPS)
    while not (folder / "metrics.jsonl").exists() and process.poll() is None:
        time.sleep(0.05)
    job = descendants(process.pid)
    for pid in job:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(STALL)
    for pid in reversed(job):
        os.kill(pid, signal.SIGCONT)
    code, output = ended(process)
    print(f"  {len(job)} processes stopped for {STALL} s: exit code {code}", flush=True)
    return None if code == 0 else f"exit code {code}\n{output}"


def check_kills(worker, scratch, kills):
    folder = scratch / "whole"
    begin = time.monotonic()
    code, output = ended(start(worker, folder, STEPS))
    if code != 0:
        return [f"undisturbed run: exit code {code}\n{output}"]
    whole = time.monotonic() - begin
    right = weights(folder)
    faults = []
    for i in range(kills):
        folder = scratch / f"killed{i}"
        process = start(worker, folder, STEPS)
        time.sleep(random.uniform(0.3, 1.0) * whole)
        subprocess.run(["pkill", "-9", "-f", f"{worker} {folder} "], check=False)
        ended(process)
        code, output = ended(start(worker, folder, STEPS))
        if code != 0 or weights(folder) != right:
            faults.append(f"kill {i}: exit code {code}, other weights\n{output}")
    print(f"  kill -9 at {kills} random moments: {kills - len(faults)} bit-equal", flush=True)
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("worker")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--kills", type=int, default=0)
    options = parser.parse_args()
    cases = list(itertools.product(KINDS, PHASES, [0, 1])) if options.all else SHORT
    faults = []
    with tempfile.TemporaryDirectory(prefix="faults") as scratch:
        if fault := check_goes_on(options.worker, Path(scratch) / "undisturbed"):
            print(f"FAULT: without a fault it {fault}")
            return 1
        for i, (kind, phase, rank) in enumerate(cases):
            folder = Path(scratch) / str(i)
            fault = check_fault(options.worker, folder, kind, phase, rank)
            if fault is None and options.all:
                fault = check_goes_on(options.worker, folder)
            if fault:
                faults.append(f"{kind} in {phase} on rank {rank}: {fault}")
        for phase in ("load", "record"):
            if fault := check_stall(options.worker, Path(scratch) / f"stall-{phase}", phase):
                faults.append(f"stall in {phase}: {fault}")
        if fault := check_suspended(options.worker, Path(scratch) / "suspended"):
            faults.append(f"suspended: {fault}")
        if options.kills:
            faults += check_kills(options.worker, Path(scratch), options.kills)
    for fault in faults:
        print("FAULT:", fault)
    print(f"{len(cases)} faults, 2 stalls and a suspension, {len(faults)} wrong")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
