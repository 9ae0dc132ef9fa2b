"""What the cluster tests share: one Slurm cluster a test program, small settings, the wait for a job."""
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time
import unittest

import slurm_cluster

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("TESSERA_PROGRAMS", REPOSITORY / "build/bin"))
JOBS = REPOSITORY / "jobs"
SAMPLE = REPOSITORY / "datasets/sample"
SKIPPED = 77  # CTest's SKIP_RETURN_CODE

# A model so small that starting it costs more than a step. Four micro-batches a step: they divide among 4, 2
# and 1 ranks, and the tree over them gives the same bits on each.
PRETRAIN = """
[train]
micro_batch_size = 4
global_batch_size = 16
train_iters = {steps}
lr = 1e-3
log_interval = 1
eval_interval = 0
save_interval = 10
threads = 1
[model]
layers = 1
hidden = 32
heads = 2
feed_forward = 64
positions = 192
[data]
sequence_length = 64
"""
FINETUNE = """
[train]
micro_batch_size = 4
global_batch_size = 16
train_iters = {steps}
lr = 2e-3
log_interval = 5
eval_interval = 0
save_interval = 10
threads = 1
class_weights = "balanced"
[data]
level = "flow"
sequence_length = 64
"""


def losses(run):
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(row["step"], row["loss"]) for row in rows if row["split"] == "train"]


def steps_done(run):
    """The last step in the record of a run, 0 before there is one."""
    try:
        return losses(run)[-1][0]
    except (OSError, IndexError, ValueError):
        return 0


class OnCluster(unittest.TestCase):
    """Tests on one cluster of four nodes; all that is made lies in one folder."""

    layout = slurm_cluster.Cluster

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="tessera-cluster-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.folder.chmod(0o755)  # munged wants its socket reachable for all
        cls.cluster = cls.layout(cls.folder / "slurm")
        cls.addClassCleanup(cls.cluster.down)
        cls.cluster.up()
        cls.environment = {"TESSERA_HOME": str(REPOSITORY), "RANKS_PER_NODE": "1"}
        if PROGRAMS != REPOSITORY / "build/bin":
            cls.environment["PATH"] = f"{PROGRAMS}:{os.environ['PATH']}"
        (cls.folder / "pretrain.toml").write_text(PRETRAIN.format(steps=30), encoding="utf-8")
        (cls.folder / "finetune.toml").write_text(FINETUNE.format(steps=20), encoding="utf-8")

    def setUp(self):
        self.started = time.monotonic()
        self.addCleanup(self.show_log)

    def tell(self, what):
        print(f"  {what} ({time.monotonic() - self.started:.1f} s since the start of the test)", flush=True)

    def show_log(self):
        """The jobs' output, when the test failed."""
        result = self._outcome.result
        if not any(case is self for case, _ in result.failures + result.errors):
            return
        for path in sorted(self.folder.rglob("*.out")):
            print(f"---- {path}\n{path.read_text(encoding='utf-8', errors='replace')[-6000:]}")

    @classmethod
    def tessera_ranks(cls, ranks, *words):
        """A program on so many nodes, one rank each."""
        return cls.cluster.run("srun", "--mpi=pmix", f"-N{ranks}", f"-n{ranks}", PROGRAMS / "tessera", *words)

    @classmethod
    def make_store(cls):
        cls.store = cls.folder / "store"
        cls.tessera_ranks(4, "preprocess", "--input", SAMPLE, "--labels", SAMPLE / "labels.toml", "--store",
                          cls.store, "--progress", "none")
        cls.tessera_ranks(1, "split", cls.store, "--by", "folder", "--name", "main")

    def submit(self, script, *options, **environment):
        """One of the shipped scripts; its output goes to the folder of the tests."""
        return self.cluster.submit(JOBS / script, "--chdir", self.folder, *options, **self.environment, **environment)

    def finish(self, number, seconds=120):
        """Waits for the end of a job, which may come back on the way; gives its last state."""
        def ended():
            job = self.cluster.job(number)
            if job.get("JobState") == "PENDING" and job.get("Restarts", "0") != "0":
                self.cluster.start_now(number)
            return job if job.get("JobState") in ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT") else None
        return slurm_cluster.wait_until(ended, seconds, f"job {number} ended: {self.cluster.job(number)}")

    def output(self, number):
        return "".join(path.read_text(encoding="utf-8", errors="replace")
                       for path in sorted(self.folder.glob(f"*-{number}*.out")))


def main():
    """unittest's main; a counted skip where Slurm is not installed."""
    missing = slurm_cluster.missing()
    if missing:
        print(f"skipped: {', '.join(missing)} not installed (containers/setup.sh --tests installs Slurm)")
        sys.exit(SKIPPED)
    if not (PROGRAMS / "tessera-pretrain").exists():
        print("skipped: the build is without LibTorch, so there is nothing to train")
        sys.exit(SKIPPED)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # CTest's time limit: clean up all the same
    unittest.main(verbosity=2)
