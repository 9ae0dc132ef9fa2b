"""The shipped job scripts on four nodes: the chain from captures to reports, and what they refuse."""
import json
import re
import subprocess

from cluster_case import JOBS, PROGRAMS, SAMPLE, OnCluster, main
from slurm_cluster import wait_until

SCRIPTS = sorted(JOBS.glob("*.sbatch"))


class Pipeline(OnCluster):
    def submit_pipeline(self, work, *words, **environment):
        settings = {"CAPTURES": str(SAMPLE), "LABELS": str(SAMPLE / "labels.toml"), "SPLIT_BY": "folder",
                    "TASKS": "service purpose", "WORK": str(work), **self.environment,
                    "PRETRAIN_CONFIG": str(self.folder / "pretrain.toml"),
                    "FINETUNE_CONFIG": str(self.folder / "finetune.toml"), **environment}
        return self.cluster.run(JOBS / "submit-pipeline.sh", *words, "--", "--nodes=4", "--ntasks-per-node=1",
                                "--time=10", **settings)

    def test_from_captures_to_reports(self):
        work = self.folder / "work"
        printed = self.submit_pipeline(work)
        jobs = dict(re.findall(r"^(\w+) +job (\d+)$", printed, re.MULTILINE))
        self.assertEqual(list(jobs), ["preprocess", "pretrain", "finetune", "evaluate"])
        for name, number in jobs.items():
            state = self.finish(number)["JobState"]
            self.tell(f"{name}: {state}")
            self.assertEqual(state, "COMPLETED")
        reports = sorted(work.glob("tuned/*/report/report.json"))
        wait_until(lambda: len(sorted(work.glob("tuned/*/report/report.json"))) == 2, 60, "both array tasks graded")
        for task in ("purpose", "service"):
            graded = json.loads((work / f"tuned/{task}/report/report.json").read_text(encoding="utf-8"))
            self.assertGreater(len(graded["classes"]), 3, reports)
        trained = (work / f"tessera-pretrain-{jobs['pretrain']}.out").read_text(encoding="utf-8")
        self.assertIn("30 steps x 16 sequences x 64 tokens = 30720 tokens", trained)
        self.assertIn("4 of 4 ranks, 4 sequences each a step", trained)
        self.assertIn("30 steps of 16 sequences of 64 ids on 4 x cpu", trained)  # the bill of tessera plan
        self.assertRegex(trained, r"(?m)^a checkpoint +[0-9.]+ GB")
        self.assertRegex(trained, r"(?m)^0: .*step 30/30")  # each line says which rank wrote it
        self.assertEqual(trained.count("start 1: 4 ranks on 4 nodes (n[1-4])"), 1)

    def test_a_failed_parent_cancels_its_children(self):
        work = self.folder / "hopeless"
        printed = self.submit_pipeline(work, CAPTURES=str(self.folder / "absent"))
        jobs = dict(re.findall(r"^(\w+) +job (\d+)$", printed, re.MULTILINE))
        self.assertEqual(self.finish(jobs["preprocess"])["JobState"], "FAILED")
        for name in ("pretrain", "finetune", "evaluate"):
            self.assertEqual(self.finish(jobs[name])["JobState"], "CANCELLED", name)
        self.tell("parent failed, three children cancelled")

    def test_dry_run_prints_the_chain_and_submits_nothing(self):
        before = self.cluster.run("squeue", "-h")
        printed = self.submit_pipeline(self.folder / "dry", "--dry-run")
        lines = printed.splitlines()
        self.assertEqual([line.split("/")[-1].strip() for line in lines],
                         ["preprocess.sbatch", "pretrain.sbatch", "finetune.sbatch", "evaluate.sbatch"])
        self.assertIn("--dependency=afterok:PREPROCESS_JOB", lines[1])
        self.assertIn("--array=0-1", lines[3])
        self.assertIn("--dependency=aftercorr:FINETUNE_JOB", lines[3])
        self.assertEqual(self.cluster.run("squeue", "-h"), before)
        self.assertFalse((self.folder / "dry").exists())

    def test_slurm_accepts_every_script(self):
        self.assertGreaterEqual(len(SCRIPTS), 5)
        for script in SCRIPTS:
            for options in ((), ("--gpus-per-node=2", "--nodes=2-4")):
                done = self.cluster.run("sbatch", "--test-only", *options, script, check=False)
                self.assertEqual(done.returncode, 0, f"{script}: {done.stderr}")
                self.assertRegex(done.stderr, r"Job \d+ to start at")

    def test_tasks_that_do_not_see_each_other_are_told_so(self):
        line = ["srun", "-N2", "-n2", "--mpi=none", PROGRAMS / "tessera", "version"]
        done = self.cluster.run(*line, check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn("started as one of 2 processes, but MPI sees this one alone", done.stderr)
        self.assertIn("srun --mpi=pmix", done.stderr)
        meant = self.cluster.run("srun", "-N2", "-n2", "--mpi=none", "env", "-u", "SLURM_STEP_NUM_TASKS", *line[-2:])
        self.assertEqual(meant.count("tessera 0"), 2)

    def test_a_job_without_programs_says_where_it_looked(self):
        job = self.submit("pretrain.sbatch", "--nodes=1", TESSERA_SITE="nowhere")
        self.assertEqual(self.finish(job)["ExitCode"], "4:0")
        self.assertIn("nowhere.sh", self.output(job))


if __name__ == "__main__":
    main()
