"""Runs the programs of the suite, each step once: a step that is done with the same words, on what the same
steps made before it, stays."""
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from .recipe import Refused


class Runner:
    """`last`: when the last training may begin, on time.monotonic's clock."""

    def __init__(self, programs, work, launch, last):
        self.last = last
        self.programs = Path(programs)
        self.work = work
        self.launch = shlex.split(launch)
        self.started = time.monotonic()
        self.done = {}  # name of a step: what it was made of, as a hash
        self.environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1",
                                OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                                OMPI_MCA_mpi_yield_when_idle="1")

    def say(self, text):
        print(f"[{time.monotonic() - self.started:6.0f} s] {text}", file=sys.stderr, flush=True)

    def is_late(self):
        return time.monotonic() > self.last

    def step(self, name, output, command, *words, folder=None, after=(), files=()):
        """tessera-COMMAND WORDS; its output goes to WORK/log/NAME.txt. `output` is what it makes, in
        `folder` when that goes with it where other words were used before. `after`: the steps whose
        results it reads; `files`: the files, where they may change under the same name."""
        line = [*self.launch, str(self.programs / f"tessera-{command}"), *map(str, words)]
        made_of = [line, [self.done[step] for step in after], [checksum(file) for file in files]]
        self.done[name] = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()
        stamp = self.work / "done" / f"{name}.json"
        if output.exists() and stamp.exists() and json.loads(stamp.read_text()) == made_of:
            return
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)
        begun = stamp.with_suffix(".begun")
        if not begun.exists() or json.loads(begun.read_text()) != made_of:
            remove(folder or output)
            begun.write_text(json.dumps(made_of))
        self.say(name)
        self.run(name, line)
        begun.rename(stamp)

    def ask(self, name, command, *words):
        """What tessera-COMMAND prints with --json; run each time."""
        line = [str(self.programs / f"tessera-{command}"), *map(str, words), "--json"]
        answer = self.work / "log" / f"{name}.json"
        answer.parent.mkdir(parents=True, exist_ok=True)
        with open(answer, "w", encoding="utf-8") as file:
            self.run(name, line, file)
        try:
            return json.loads(answer.read_text(encoding="utf-8"))
        except ValueError as fault:
            raise Refused(f"step '{name}' printed no JSON ({fault}): see {answer}; start again, the "
                          "steps that are done are kept", 1) from fault

    def run(self, name, line, output=None):
        """What the program prints goes to the log with its errors, or to the file `output`: libraries
        may add lines of their own to the errors."""
        log = self.work / "log" / f"{name}.txt"
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "w", encoding="utf-8") as file:
            file.write("$ " + shlex.join(line) + "\n")
            file.flush()
            done = subprocess.run(line, stdout=output or file, stderr=file, check=False,
                                  stdin=subprocess.DEVNULL, env=self.environment)
        if done.returncode == 0:
            return
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
        raise Refused(f"step '{name}' ended with {done.returncode}; its output is in {log}:\n  " +
                      "\n  ".join(last), done.returncode if done.returncode > 0 else 1)


def checksum(path):
    """Of a file; of anything else its name."""
    return hashlib.sha256(path.read_bytes() if path.is_file() else str(path).encode()).hexdigest()


def remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
