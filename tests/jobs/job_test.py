#!/usr/bin/env python3
"""The shipped job scripts without a cluster: what they tell srun, and what they do when a step fails."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

JOBS = pathlib.Path(__file__).resolve().parents[2] / "jobs"

# Writes its words down; a step of the command named in FAILS ends with 7.
SRUN = """#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$LOG"
case " $* " in *" ${FAILS:-none} "*) exit 7 ;; esac
"""
TESSERA = """#!/usr/bin/env bash
case " $* " in *" --print-config "*) cat "$SETTINGS" ;; esac
"""
SETTINGS = """[train]
global_batch_size = 32
micro_batch_size = 16
train_iters = 10
save_interval = 5
keep_last = 2
epochs = {epochs}
device = "{device}"
[data]
sequence_length = 64
"""


class Jobs(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tessera-jobs-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        for name, text in (("srun", SRUN), ("tessera", TESSERA)):
            (self.folder / name).write_text(text, encoding="utf-8")
            (self.folder / name).chmod(0o755)
        (self.folder / "site.sh").write_text(f"tessera=({self.folder}/tessera)\n", encoding="utf-8")
        self.log = self.folder / "srun.log"

    def run_script(self, name, epochs="0.0", device="auto", **environment):
        """Exit code and output of a job of two nodes of 8 processors, 4 ranks on each."""
        (self.folder / "settings.toml").write_text(SETTINGS.format(epochs=epochs, device=device), encoding="utf-8")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("SLURM_", "OMP_"))}
        done = subprocess.run(
            ["bash", JOBS / name], capture_output=True, text=True, timeout=30, check=False, cwd=self.folder,
            env={**kept, "PATH": f"{self.folder}:{kept['PATH']}", "LOG": str(self.log),
                 "SETTINGS": str(self.folder / "settings.toml"), "TESSERA_HOME": str(JOBS.parent),
                 "TESSERA_SITE": str(self.folder / "site.sh"), "TASKS": "service", "CAPTURES": "captures",
                 "SLURM_JOB_NUM_NODES": "2", "SLURM_NTASKS_PER_NODE": "4", "SLURM_JOB_CPUS_PER_NODE": "8(x2)",
                 "NODE_FAILURE_WAIT": "0", **environment})
        return done.returncode, done.stdout + done.stderr

    def step(self, command):
        """What srun was told for a command of tessera, as a set of words."""
        lines = [line for line in self.log.read_text(encoding="utf-8").splitlines() if f" {command} " in line]
        self.assertEqual(len(lines), 1, lines)
        return set(lines[0].split())

    def test_training_is_looked_at_on_the_ranks_that_train(self):
        """Two micro-batches a step keep two ranks busy, whatever the node has."""
        code, said = self.run_script("finetune.sbatch", device="cuda")
        self.assertEqual(code, 0, said)
        self.assertLessEqual({"--ntasks=2", "--nodes=1", "--device"}, self.step("doctor"))
        self.assertIn(" --device cuda", self.log.read_text(encoding="utf-8"))
        self.assertIn("--ntasks=2", self.step("finetune"))

    def test_what_does_not_train_asks_for_no_gpu(self):
        for script, command in (("preprocess.sbatch", "preprocess"), ("evaluate.sbatch", "evaluate")):
            self.log.unlink(missing_ok=True)
            code, said = self.run_script(script)
            self.assertEqual(code, 0, said)
            self.assertIn(" --device cpu", self.log.read_text(encoding="utf-8"))
            self.assertIn("--ntasks=8", self.step("doctor"))
            self.assertIn("--ntasks=8", self.step(command))

    def test_srun_is_told_the_processors_of_a_rank(self):
        for environment, processors in (({}, 2),
                                        ({"SLURM_CPUS_PER_TASK": "1"}, 1),
                                        ({"SLURM_CPUS_PER_TASK": "4"}, 2),
                                        ({"SLURM_JOB_CPUS_PER_NODE": "16(x3),4"}, 1),
                                        ({"SLURM_JOB_CPUS_PER_NODE": "2"}, 1)):
            self.log.unlink(missing_ok=True)
            code, said = self.run_script("evaluate.sbatch", **environment)
            self.assertEqual(code, 0, said)
            self.assertIn(f"--cpus-per-task={processors}", self.step("evaluate"), environment)

    def test_a_preprocess_that_lost_its_node_waits_for_slurm(self):
        """The step fails, and so does the look at the nodes (srun .. true)."""
        (self.folder / "srun").write_text(SRUN.replace("*) exit 7 ;; esac",
                                                       "*|*\" true \"*) exit 7 ;; esac"), encoding="utf-8")
        code, said = self.run_script("preprocess.sbatch", FAILS="preprocess")
        self.assertEqual(code, 7, said)
        self.assertIn("a node of this job does not answer: waiting up to 0 s", said)

    def test_passes_over_the_fold_are_told_where_there_are_any(self):
        self.assertIn("10 steps x 32 sequences", self.run_script("finetune.sbatch", epochs="0.0")[1])
        self.assertIn("2.5 passes over the training fold", self.run_script("finetune.sbatch", epochs="2.5")[1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
