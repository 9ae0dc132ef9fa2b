#!/usr/bin/env python3
"""Preprocesses every file of folders by itself and looks for crashes, reports of sanitizers and slowness.

sweep.py FOLDER.. [--ranks 1 4] [--every N]: each file alone, as a capture that the ranks share. Meant for
programs built with -DTESSERA_SANITIZE=address,undefined (TESSERA_PROGRAMS=build/sanitize/bin). A file is at
fault when the program ends other than with 0 or 3, a sanitizer says a word, or it takes more than 10 s per MB
begun (on one rank, where no launcher has to start). Exit code 1 when any file is."""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

PROGRAMS = pathlib.Path(os.environ.get("TESSERA_PROGRAMS",
                                       pathlib.Path(__file__).resolve().parents[2] / "build/sanitize/bin"))
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
               "OMPI_MCA_mpi_yield_when_idle": "1", "ASAN_OPTIONS": "detect_leaks=0"}
REPORT = re.compile(rb"ERROR: \w+Sanitizer|runtime error:|Sanitizer: ")
LIMIT = 10  # s per MB


def fault(capture, ranks, store):
    """What was wrong with it, or None; and the seconds that it took."""
    line = [str(PROGRAMS / "tessera-preprocess"), "--input", os.fsencode(capture), "--store", store,
            "--share-bytes", "4096", "--share-parts", "3", "--progress", "none"]
    if ranks > 1:
        line = ["mpirun", "-n", str(ranks), "--oversubscribe", "--bind-to", "none", *line]
    started = time.monotonic()
    try:
        done = subprocess.run(line, env=ENVIRONMENT, capture_output=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        return "did not end", 300
    seconds = time.monotonic() - started
    shutil.rmtree(store, ignore_errors=True)
    shutil.rmtree(f"{store}.partial", ignore_errors=True)
    if REPORT.search(done.stderr):
        return "a sanitizer's report: " + done.stderr.decode(errors="replace")[:2000], seconds
    if done.returncode not in (0, 3):
        return f"exit code {done.returncode}: " + done.stderr.decode(errors="replace")[-500:], seconds
    megabytes = max(1, -(-capture.stat().st_size // 1_000_000))
    slow = ranks == 1 and seconds > LIMIT * megabytes
    return f"{seconds:.1f} s for {megabytes} MB" if slow else None, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--ranks", nargs="+", type=int, default=[1])
    parser.add_argument("--every", type=int, default=1, help="look at each Nth file only")
    given = parser.parse_args()
    captures = sorted(path for folder in given.folders for path in folder.rglob("*") if path.is_file())
    captures = captures[::given.every]
    faults, slowest = 0, (0.0, "")
    with tempfile.TemporaryDirectory(prefix="tessera-hostile-") as scratch:
        for ranks in given.ranks:
            for capture in captures:
                wrong, seconds = fault(capture, ranks, f"{scratch}/store")
                slowest = max(slowest, (seconds, ascii(capture.name)))
                if wrong:
                    faults += 1
                    print(f"{ascii(str(capture))} on {ranks} ranks: {wrong}", flush=True)
    print(f"{len(captures)} files on {given.ranks} ranks: {faults} at fault; longest {slowest[0]:.1f} s ({slowest[1]})")
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main())
