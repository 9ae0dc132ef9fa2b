"""What crosses a network, on nodes with networks and host names of their own: a slow link is named by the doctor,
a link that is cut in mid-run ends the job and brings it back, training over throttled links is no faster than the
wire and is compared with the model of jobs/scaling_report.py."""
import csv
import json
import subprocess
import sys
import time

import cluster_case
import namespaces
from cluster_case import JOBS, PRETRAIN, PROGRAMS, OnCluster, losses, main, steps_done
from slurm_cluster import wait_until

SLOW = 50  # Mbit/s


class Network(OnCluster):
    layout = namespaces.Namespaces

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_store()

    def doctor(self, *words):
        return json.loads(self.cluster.run("srun", "--mpi=pmix", "-N4", "-n4", PROGRAMS / "tessera", "doctor", "--json",
                                           "--folder", self.folder, "--need-bytes", "1000", *words))

    def test_hosts_differ_and_a_slow_link_is_named(self):
        hosts = self.cluster.run("srun", "-N4", "-n4", "hostname").split()
        self.assertEqual(sorted(hosts), ["n1", "n2", "n3", "n4"])
        self.cluster.slow("n3", SLOW)
        self.addCleanup(self.cluster.full_speed, "n3")
        told = self.doctor()
        slow, = [one for one in told["findings"] if one["check"] == "links"]
        self.tell(slow["cause"])
        self.assertEqual(slow["level"], "warning")
        self.assertIn("(n3)", slow["cause"])
        for link in told["links"]:
            if 2 in link["ranks"]:  # the burst of the filter lets 128 KiB through at once
                self.assertLess(link["bytes_per_second"], 2 * SLOW * 1e6 / 8)

    def test_a_cut_link_ends_the_job_and_brings_it_back(self):
        run = self.folder / "cut"
        (self.folder / "pretrain.toml").write_text(PRETRAIN.format(steps=60), encoding="utf-8")
        job = self.submit("pretrain.sbatch", "--nodes=2-4", "--spread-job", STORE=str(self.store), RUN=str(run),
                          CONFIG=str(self.folder / "pretrain.toml"))
        wait_until(lambda: steps_done(run) >= 12, 120, "the run is past step 12")
        began = time.monotonic()
        self.cluster.cut("n4")
        self.addCleanup(self.cluster.mend, "n4")
        wait_until(lambda: self.cluster.job(job).get("Restarts") == "1", 120, "the job was requeued")
        self.tell(f"requeued {time.monotonic() - began:.1f} s after the cut")
        self.assertEqual(self.finish(job)["JobState"], "COMPLETED")
        self.tell("finished on the nodes that are left")
        self.assertRegex(self.output(job), r"NODE FAILURE|n4")
        self.assertIn("on 3 nodes (n[1-3])", self.output(job))
        self.assertEqual([step for step, _ in losses(run)], list(range(1, 61)))

    def test_training_over_throttled_links(self):
        megabits = 200
        for name in self.cluster.names:
            self.cluster.slow(name, megabits)
            self.addCleanup(self.cluster.full_speed, name)
        (self.folder / "scaling.toml").write_text(PRETRAIN.format(steps=10), encoding="utf-8")
        job = self.submit("scaling.sbatch", "--nodes=4", "--ntasks-per-node=1", STORE=str(self.store), OUTPUT=str(self.folder / "scaling"),
                          STEPS="10", CONFIG=str(self.folder / "scaling.toml"))
        self.assertEqual(self.finish(job, seconds=240)["JobState"], "COMPLETED")
        with open(self.folder / "scaling/scaling.csv", newline="", encoding="utf-8") as table:
            speed = {int(row["ranks"]): float(row["sequences_per_second"]) for row in csv.DictReader(table)}
        self.assertEqual(list(speed), [1, 2, 4])
        gradient = (self.folder / "scaling/ranks-1/checkpoints/step-10/model.safetensors").stat().st_size
        wire = gradient / (megabits * 1e6 / 8)  # s: one exchange of it
        for ranks, levels in ((2, 1), (4, 2)):
            # No step can be faster than its gradient crosses the wire; the filter lets bursts through: 10 %.
            self.assertGreater(16 / speed[ranks], 0.9 * levels * wire, f"{ranks} ranks")
        (self.folder / "doctor.json").write_text(json.dumps(self.doctor()), encoding="utf-8")
        print(subprocess.run([sys.executable, JOBS / "scaling_report.py", "--scaling",
                              self.folder / "scaling/scaling.csv", "--doctor", self.folder / "doctor.json",
                              "--parameters", str(gradient // 4), "--global-batch-size", "16", "--micro-batch-size", "4"],
                             capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    reason = namespaces.missing()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(cluster_case.SKIPPED)
    main()
