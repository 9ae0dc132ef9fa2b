"""What goes wrong on a cluster, done on purpose to the shipped training job: the time limit comes, a node goes
down, a rank dies. Each prints how long it took."""
import os
import pathlib
import signal
import time

from cluster_case import PRETRAIN, OnCluster, losses, main, steps_done
from slurm_cluster import wait_until

STEPS = 60


def weights(run):
    return (run / f"checkpoints/step-{STEPS}/model.safetensors").read_bytes()


class Faults(OnCluster):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_store()
        (cls.folder / "pretrain.toml").write_text(PRETRAIN.format(steps=STEPS), encoding="utf-8")
        cls.undisturbed = cls.folder / "undisturbed"
        cls.tessera_ranks(4, "pretrain", "--config", cls.folder / "pretrain.toml", "--store", cls.store, "--split",
                          "main", "--run", cls.undisturbed, "--progress", "none")

    def train(self, name, *options):
        """The shipped job, until it is well under way."""
        run = self.folder / name
        job = self.submit("pretrain.sbatch", *options, STORE=str(self.store), RUN=str(run),
                          CONFIG=str(self.folder / "pretrain.toml"))
        wait_until(lambda: steps_done(run) >= 12, 90, f"{name} is past step 12")
        self.tell(f"under way, step {steps_done(run)}")
        return job, run

    def check_same(self, run):
        self.assertEqual(losses(run), losses(self.undisturbed))
        self.assertEqual(weights(run), weights(self.undisturbed))

    def test_the_warning_before_the_time_limit(self):
        job, run = self.train("warned", "--nodes=4")
        self.cluster.run("scancel", "--signal=USR1", "--batch", job)
        wait_until(lambda: self.cluster.job(job).get("Restarts") == "1", 60, "the job is in the queue again")
        self.tell(f"saved after step {steps_done(run)} and requeued")
        self.assertLess(steps_done(run), STEPS)
        self.assertEqual(self.finish(job)["JobState"], "COMPLETED")
        self.tell("finished")
        self.assertIn("state saved; going back into the queue", self.output(job))
        self.assertIn("start 2: 4 ranks on 4 nodes", self.output(job))
        self.check_same(run)

    def test_a_node_goes_down(self):
        job, run = self.train("bereft", "--nodes=2-4", "--spread-job")
        node = "n4"  # not n1: the shell of the job runs there
        self.cluster.kill_node(node)
        self.addCleanup(self.bring_back, node)
        began = time.monotonic()
        wait_until(lambda: self.cluster.job(job).get("Restarts") == "1", 90, "the job was requeued")
        self.tell(f"noticed by Slurm {time.monotonic() - began:.1f} s after the loss")
        self.assertNotIn("ended with exit code", self.output(job))  # the job waited for Slurm's verdict
        self.assertEqual(self.finish(job)["JobState"], "COMPLETED")
        self.tell("finished on the nodes that are left")
        self.assertIn("start 2: 3 ranks on 3 nodes (n[1-3])", self.output(job))
        self.assertIn("2 of 3 ranks", self.output(job))  # four micro-batches do not divide by three
        self.check_same(run)

    def bring_back(self, node):
        self.cluster.start_node(node)
        self.cluster.wait_for_idle(4)

    def test_a_rank_dies(self):
        job, run = self.train("orphaned", "--nodes=4")
        victim = next(pid for pid in self.cluster.processes("n3")
                      if b"tessera-pretrain" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
        began = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        ended = self.finish(job, seconds=60)
        self.tell(f"all ranks ended {time.monotonic() - began:.1f} s after the death of one")
        self.assertEqual(ended["JobState"], "FAILED")
        self.assertRegex(self.output(job), r"task 2: Killed")
        self.assertFalse(self.cluster.processes("n1"))
        again = self.submit("pretrain.sbatch", "--nodes=4", STORE=str(self.store), RUN=str(run),
                            CONFIG=str(self.folder / "pretrain.toml"))
        self.assertEqual(self.finish(again)["JobState"], "COMPLETED")
        self.tell("submitted again and finished")
        self.check_same(run)


if __name__ == "__main__":
    main()
