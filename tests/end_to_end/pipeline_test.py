"""The product: captures to a graded classifier on two ranks, killed and resumed on the way, and labels
for captures it never saw."""
import collections
import csv
import json
import os
import shutil
import signal
import subprocess
import time

from support import ENVIRONMENT, SAMPLE, InScratch, command, main, tessera, tessera_json

MODEL = ("--layers", "2", "--hidden", "64", "--heads", "2", "--feed-forward", "128",
         "--positions", "192")
PRETRAIN = (*MODEL, "--sequence-length", "64", "--micro-batch-size", "8", "--global-batch-size", "16",
            "--lr", "1e-3", "--log-interval", "1", "--seed", "5", "--threads", "1")


def metrics(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def weights(run, step):
    return (run / f"checkpoints/step-{step}/model.safetensors").read_bytes()


class Pipeline(InScratch):
    def setUp(self):
        super().setUp()
        self.store = self.scratch / "store"
        tessera("preprocess", "--input", SAMPLE, "--labels", SAMPLE / "labels.toml", "--store",
                self.store, ranks=2)
        tessera("split", self.store, "--by", "folder", "--name", "runs")

    def pretrain(self, run, *words, **options):
        return tessera("pretrain", "--store", self.store, "--run", self.scratch / run,
                       "--split", "runs", *PRETRAIN, *words, **options)

    def test_from_captures_to_labels(self):
        run, tuned = self.scratch / "run", self.scratch / "tuned"
        bundle, report = self.scratch / "bundle", self.scratch / "report"
        self.pretrain("run", "--train-iters", "12", "--eval-interval", "6", ranks=2)
        rows = metrics(run)
        for key in ("step", "loss", "mlm_loss", "mlm_accuracy", "sop_loss", "sop_accuracy", "lr",
                    "grad_norm", "sequences_per_second", "tokens_per_second", "elapsed_seconds",
                    "split"):
            self.assertIn(key, rows[0])
        self.assertLess(rows[-1]["loss"], rows[0]["loss"])
        self.check_state(run)
        tessera("finetune", "--store", self.store, "--split", "runs", "--init", run, "--run", tuned,
                "--bundle", bundle, "--level", "flow", "--labels", "transport_security",
                "--class-weights", "balanced", "--sequence-length", "128", "--micro-batch-size",
                "16", "--global-batch-size", "32", "--train-iters", "80", "--lr", "2e-3",
                "--threads", "1", ranks=2)
        tessera("evaluate", "--model", bundle, "--store", self.store, "--split", "runs",
                "--output", report, "--network-controls", "all", "--control-iters", "20", ranks=2)
        graded = json.loads((report / "report.json").read_text())
        self.check_report(graded, report)
        self.check_network_controls(graded)
        self.check_inspection(tuned, bundle)
        self.check_labels(bundle, graded)
        self.check_refusals(run, tuned, bundle)
        self.check_rebuilt_store(run, bundle)

    def check_state(self, run):
        """What somebody who watches the run sees: all of it, and a line a rank."""
        state = tessera_json("inspect", run)
        self.assertEqual((state["step"], state["steps"], state["done"]), (12, 12, True))
        self.assertEqual([rank["step"] for rank in state["ranks"]], [12, 12])
        for rank in state["ranks"]:
            self.assertGreater(rank["sequences_per_second"], 0)
            self.assertTrue(0 <= rank["rank_stall"] <= 1 and 0 <= rank["data_stall"] <= 1)
            self.assertGreater(rank["peak_memory_bytes"], 1 << 20)
        table, _ = tessera("inspect", run)
        self.assertIn("waits for data", table)

    def check_report(self, graded, report):
        for key in ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "per_class",
                    "confusion", "classes", "intervals", "baselines", "split", "provenance"):
            self.assertIn(key, graded)
        self.assertGreater(graded["macro_f1"], graded["baselines"]["majority"]["macro_f1"])
        page = (report / "report.html").read_text()
        self.assertNotIn("http://", page.replace("http://www.w3.org", ""))
        self.assertNotIn("https://", page)
        with open(report / "predictions.csv", newline="", encoding="utf-8") as table:
            rows = list(csv.DictReader(table))
        right = sum(row["label"] == row["prediction"] for row in rows)
        self.assertAlmostEqual(right / len(rows), graded["accuracy"], places=12)
        self.assertEqual(sum(map(sum, graded["confusion"])), len(rows))

    def check_network_controls(self, graded):
        """The same network under other conditions, trained and graded on the same flows."""
        controls = graded["baselines"]
        folder, = (self.scratch / "report.controls").iterdir()  # named by what was graded
        for name in ("random_weights", "frozen_encoder", "network_shuffled_labels"):
            self.assertIn(name, controls)
            self.assertEqual(metrics(folder / name)[-1]["step"], 20)
        trained = controls["random_weights"]["macro_f1"]
        self.assertLess(controls["network_shuffled_labels"]["macro_f1"], trained)
        self.assertLess(controls["network_shuffled_labels"]["macro_f1"], 0.5 * graded["macro_f1"])

    def check_inspection(self, run, bundle):
        told = tessera_json("inspect", bundle)
        self.assertEqual((told["task"], told["label_set"]), ("flow", "transport_security"))
        self.assertIn("transport_security", tessera("inspect", bundle)[0])
        tessera("verify", run)
        tessera("verify", bundle)
        newest = sorted(run.glob("checkpoints/step-*"))[-1]
        for file, folder in ((newest / "optimizer.safetensors", run),
                             (bundle / "model.toml", bundle)):
            whole = file.read_bytes()
            file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
            out, _ = tessera("verify", folder, expect=3)
            self.assertIn(file.name, out)
            file.write_bytes(whole)

    def check_labels(self, bundle, graded):
        capture = sorted((SAMPLE / "run3").iterdir())[0]
        out, _ = tessera("classify", "--model", bundle, "--input", capture)
        flows = [json.loads(line) for line in out.splitlines()]
        self.assertGreater(len(flows), 10)
        for flow in flows:
            for key in ("capture", "protocol", "source_ip", "source_port", "destination_ip",
                        "destination_port", "first_seen_ns", "packets", "class", "probability"):
                self.assertIn(key, flow)
            self.assertIn(flow["class"], graded["classes"])

    def check_refusals(self, run, tuned, bundle):
        """A grade on flows that were learned from; a bundle in the place of something else."""
        tessera("split", self.store, "--by", "flow", "--name", "other")
        _, err = tessera("evaluate", "--model", bundle, "--store", self.store, "--split", "other",
                         "--output", self.scratch / "leaky", expect=3)
        self.assertIn("trained on split 'runs'", err)
        for place in (run, self.scratch):
            _, err = tessera("finetune", "--store", self.store, "--split", "runs", "--init", run,
                             "--labels", "service", "--run", self.scratch / "again", "--bundle",
                             place, "--sequence-length", "128", expect=2)
            self.assertIn("bundle", err)
        self.assertTrue((run / "checkpoints").is_dir())
        _, err = tessera("finetune", "--store", self.store, "--split", "other", "--init", run,
                         "--labels", "service", "--run", self.scratch / "again",
                         "--sequence-length", "128", "--dry-run")
        self.assertIn("this split holds back", err)
        tessera("split", self.store, "--by", "flow", "--seed", "2", "--name", "other", "--force")
        tessera("pretrain", "--store", self.store, "--split", "other", "--run", self.scratch / "early",
                "--train-iters", "1", "--layers", "1", "--hidden", "16", "--heads", "2")
        tessera("split", self.store, "--by", "flow", "--seed", "3", "--name", "other", "--force")
        _, err = tessera("finetune", "--store", self.store, "--split", "runs", "--init",
                         self.scratch / "early", "--labels", "service", "--run",
                         self.scratch / "again", "--sequence-length", "128", "--dry-run")
        self.assertIn("nobody can tell", err)
        _, err = tessera("finetune", "--store", self.store, "--split", "runs", "--init", "none",
                         "--level", "flow", "--labels", "transport_security", "--class-weights",
                         "balanced", "--sequence-length", "128", "--micro-batch-size", "16",
                         "--global-batch-size", "32", "--train-iters", "80", "--lr", "2e-3",
                         "--run", tuned, "--bundle", bundle, expect=2)
        self.assertIn("initial weights was", err)

    def check_rebuilt_store(self, run, bundle):
        """The same captures under more labels are another store: what was learned is not known."""
        labels, store = self.scratch / "labels.toml", self.scratch / "rebuilt"
        labels.write_text((SAMPLE / "labels.toml").read_text() +
                          '\n[[set]]\nname = "extra"\n[[set.rule]]\nlabel = "all"\n')
        tessera("preprocess", "--input", SAMPLE, "--labels", labels, "--store", store)
        tessera("split", store, "--by", "folder", "--name", "runs")
        _, err = tessera("finetune", "--store", store, "--split", "runs", "--init", run,
                         "--labels", "service", "--run", self.scratch / "again",
                         "--sequence-length", "128", "--dry-run")
        self.assertIn("nobody can tell", err)
        report = self.scratch / "elsewhere"
        _, err = tessera("evaluate", "--model", bundle, "--store", store, "--split", "runs",
                         "--output", report, "--controls", "look-ups", "--name", "ours")
        self.assertIn("trained on another store", err)
        graded = json.loads((report / "report.json").read_text())
        self.assertTrue(any("trained on another store" in note for note in graded["notes"]))
        self.assertEqual(graded["title"], "ours on rebuilt")

    def test_packets_one_by_one(self):
        """Packet level: a row a packet, and the votes of a flow's packets graded beside them."""
        bundle, report = self.scratch / "bundle", self.scratch / "report"
        tessera("finetune", "--store", self.store, "--split", "runs", "--init", "none", "--run",
                self.scratch / "tuned", "--bundle", bundle, "--level", "packet", "--labels",
                "transport_security", "--class-weights", "balanced", *MODEL, "--sequence-length",
                "64", "--micro-batch-size", "16", "--global-batch-size", "32", "--train-iters",
                "120", "--lr", "2e-3", "--threads", "1", ranks=2)
        tessera("evaluate", "--model", bundle, "--store", self.store, "--split", "runs",
                "--output", report, ranks=2)
        graded = json.loads((report / "report.json").read_text())
        self.check_report(graded, report)
        with open(report / "predictions.csv", newline="", encoding="utf-8") as table:
            rows = list(csv.DictReader(table))
        ballots = {}
        for row in rows:
            ballots.setdefault((row["capture"], row["flow"]), []).append(row)
        self.assertGreater(len(rows), 2 * len(ballots))
        right = 0
        for votes in ballots.values():
            count = collections.Counter(row["prediction"] for row in votes)
            winner = max(graded["classes"], key=lambda name: count[name])  # a tie: the first class
            right += winner == votes[0]["label"]
        self.assertAlmostEqual(right / len(ballots), graded["votes_per_flow"]["accuracy"], places=12)
        self.assertGreater(graded["votes_per_flow"]["macro_f1"],
                           graded["baselines"]["majority"]["macro_f1"])

    def test_one_and_two_ranks_and_a_resumed_run_have_the_same_weights(self):
        words = ("--train-iters", "8", "--save-interval", "4")
        self.pretrain("one", *words)
        self.pretrain("two", *words, ranks=2)
        self.pretrain("again", *words)
        self.assertEqual(weights(self.scratch / "one", 8), weights(self.scratch / "again", 8))
        self.assertEqual(weights(self.scratch / "one", 8), weights(self.scratch / "two", 8))
        shutil.rmtree(self.scratch / "again/checkpoints/step-8")
        self.pretrain("again", *words)
        self.assertEqual(weights(self.scratch / "one", 8), weights(self.scratch / "again", 8))

    def test_killed_and_resumed_is_undisturbed(self):
        words = ("--train-iters", "40", "--save-interval", "2")
        self.pretrain("whole", *words)
        run = self.scratch / "killed"
        line = command("pretrain", "--store", self.store, "--run", run, "--split", "runs",
                       *PRETRAIN, *words)
        for _ in range(3):
            running = subprocess.Popen(line, env=ENVIRONMENT, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, start_new_session=True)
            self.wait_for_checkpoint(run, running)
            os.killpg(running.pid, signal.SIGKILL)
            running.wait(timeout=60)
        self.pretrain("killed", *words)
        self.assertEqual(weights(self.scratch / "whole", 40), weights(run, 40))
        losses = [(row["step"], row["loss"]) for row in metrics(run) if row["split"] == "train"]
        undisturbed = [(row["step"], row["loss"]) for row in metrics(self.scratch / "whole")
                       if row["split"] == "train"]
        self.assertEqual(losses, undisturbed)

    def wait_for_checkpoint(self, run, running):
        """Until the run has saved once more than it had, or is done."""
        before = len(list(run.glob("checkpoints/step-*"))) and max(
            int(path.name[5:]) for path in run.glob("checkpoints/step-*"))
        end = time.monotonic() + 120
        while time.monotonic() < end and running.poll() is None:
            steps = [int(path.name[5:]) for path in run.glob("checkpoints/step-*")]
            if steps and max(steps) > before:
                return
            time.sleep(0.02)

    def test_a_signal_saves_and_ends_with_85(self):
        run = self.scratch / "stopped"
        line = command("pretrain", "--store", self.store, "--run", run, "--split", "runs",
                       *PRETRAIN, "--train-iters", "100000", ranks=2)
        running = subprocess.Popen(line, env=ENVIRONMENT, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        end = time.monotonic() + 120
        while time.monotonic() < end and not (run / "metrics.jsonl").exists():
            time.sleep(0.1)
        running.send_signal(signal.SIGUSR1)
        self.assertEqual(running.wait(timeout=60), 85)
        self.assertTrue(list(run.glob("checkpoints/step-*/state.json")))

    def test_two_jobs_on_one_run_folder(self):
        line = command("pretrain", "--store", self.store, "--run", self.scratch / "busy",
                       "--split", "runs", *PRETRAIN, "--train-iters", "100000")
        running = subprocess.Popen(line, env=ENVIRONMENT, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(running.wait)
        self.addCleanup(running.kill)
        end = time.monotonic() + 120
        while time.monotonic() < end and not (self.scratch / "busy/metrics.jsonl").exists():
            time.sleep(0.1)
        _, err = self.pretrain("busy", "--train-iters", "10", expect=2)
        self.assertIn(f"process {running.pid}", err)

    def test_a_store_with_other_masking_is_refused(self):
        self.pretrain("run", "--train-iters", "2")
        other = self.scratch / "other"
        tessera("preprocess", "--input", SAMPLE, "--labels", SAMPLE / "labels.toml", "--store",
                other, "--masking", "none")
        tessera("split", other, "--by", "folder", "--name", "runs")
        _, err = tessera("finetune", "--store", other, "--split", "runs", "--init",
                         self.scratch / "run", "--run", self.scratch / "tuned", "--bundle",
                         self.scratch / "bundle", "--labels", "service", expect=2)
        self.assertIn("same [token] settings", err)


if __name__ == "__main__":
    main()
