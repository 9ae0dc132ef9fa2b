"""Deep Packet: captures to bytes to its three nets on two ranks, stopped and resumed on the way, to a
grade and to labels for captures."""
import csv
import json
import shutil
import struct

from support import SAMPLE, InScratch, main, tessera

# Eight channels where the authors have 200: the same net, in seconds.
SMALL = ("--cnn-channels1", "8", "--cnn-channels2", "8", "--micro-batch-size", "16",
         "--global-batch-size", "32", "--packets-per-flow", "6", "--threads", "1", "--labels",
         "transport_security", "--class-weights", "balanced", "--lr", "5e-3", "--eval-iters",
         "10")
STEPS = {"cnn": 100, "resnet": 12, "sae": 60}
TITLES = {"cnn": "Deep Packet CNN", "resnet": "Deep Packet ResNet",
          "sae": "Deep Packet stacked auto-encoder"}


def weights_of(bundle):
    """{name: bytes} of weights and running statistics."""
    data = (bundle / "model.safetensors").read_bytes()
    size, = struct.unpack("<Q", data[:8])
    tensors = json.loads(data[8:8 + size])
    return {name: data[8 + size + tensor["data_offsets"][0]:8 + size + tensor["data_offsets"][1]]
            for name, tensor in tensors.items() if name != "__metadata__"}


class DeepPacket(InScratch):
    @classmethod
    def setUpClass(cls):
        cls.root = InScratch.folder(cls)
        cls.store = cls.root / "store"
        tessera("preprocess", "--input", SAMPLE, "--labels", SAMPLE / "labels.toml", "--store",
                cls.store, "--tokenizer", "deep-packet", ranks=2)
        tessera("split", cls.store, "--by", "folder", "--name", "runs")

    def finetune(self, net, run, *words, **options):
        return tessera("finetune", "--store", self.store, "--split", "runs", "--model",
                       f"deep-packet-{net}", "--run", self.scratch / run, *SMALL, *words, **options)

    def check_net(self, net, *words):
        """Trained on two ranks: the report knows the net, and its classes are those of `classify`."""
        steps = str(STEPS[net])
        self.finetune(net, net, "--train-iters", steps, "--save-interval", steps, "--eval-interval",
                      "50", *words, ranks=2)
        bundle, report = self.scratch / net / "bundle", self.scratch / f"report-{net}"
        tessera("evaluate", "--model", bundle, "--store", self.store, "--output", report,
                "--controls", "look-ups", ranks=2)
        graded = json.loads((report / "report.json").read_text())
        page = (report / "report.html").read_text()
        self.assertIn(TITLES[net], page)
        self.assertIn("votes per flow", page)
        with open(report / "predictions.csv", newline="", encoding="utf-8") as table:
            rows = list(csv.DictReader(table))
        self.assertGreater(len(rows), len({(row["capture"], row["flow"]) for row in rows}))
        out, _ = tessera("classify", "--model", bundle, "--unknown-below", "0", "--input",
                         SAMPLE / "run3/imap.pcap")
        answers = [json.loads(line) for line in out.splitlines()]
        self.assertEqual({answer["packets"] for answer in answers}, {1})  # a line a packet
        said = [row["prediction"] for row in rows if row["capture"].endswith("run3/imap.pcap")]
        self.assertEqual(sorted(said), sorted(answer["class"] for answer in answers))
        return graded

    def test_cnn(self):
        self.check_net("cnn", "--log-interval", "20")
        self.check_learning("cnn")

    def test_resnet(self):
        self.check_net("resnet")

    def test_stacked_auto_encoder(self):
        """Each layer learns to code its inputs before all of them learn the classes."""
        graded = self.check_net("sae", "--layer-iters", "30", "--log-interval", "10")
        self.assertGreater(graded["macro_f1"], graded["baselines"]["majority"]["macro_f1"])
        for layer in range(1, 6):
            self.check_learning(f"sae/layers/{layer}")
        self.check_layers_are_verified()

    def check_layers_are_verified(self):
        run = self.scratch / "sae"
        tessera("verify", run)
        weights = sorted(run.glob("layers/2/checkpoints/*/model.safetensors"))[-1]
        whole = weights.read_bytes()
        weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        out, _ = tessera("verify", run, expect=3)
        self.assertIn("layers/2/checkpoints", out)
        weights.write_bytes(whole)

    def check_learning(self, run):
        lines = (self.scratch / run / "metrics.jsonl").read_text().splitlines()
        losses = [row["loss"] for row in map(json.loads, lines) if row["split"] == "train"]
        self.assertLess(losses[-1], losses[0], run)

    def test_one_and_two_ranks_and_a_resumed_run_have_the_same_weights(self):
        for net, words in (("cnn", ()), ("resnet", ()), ("sae", ("--layer-iters", "4"))):
            words = ("--train-iters", "4", "--save-interval", "2", "--eval-interval", "0", *words)
            self.finetune(net, f"{net}-one", *words)
            self.finetune(net, f"{net}-two", *words, ranks=2)
            one, cut_off = weights_of(self.scratch / f"{net}-one/bundle"), self.scratch / f"{net}-two"
            self.assertTrue(one == weights_of(cut_off / "bundle"), net)
            shutil.rmtree(cut_off / "checkpoints/step-4")
            shutil.rmtree(cut_off / "bundle")
            if net == "sae":  # the third layer was at work
                for layer in (3, 4, 5):
                    shutil.rmtree(cut_off / f"layers/{layer}/checkpoints/step-4")
                shutil.rmtree(cut_off / "checkpoints")
                (cut_off / "DONE").unlink()
            self.finetune(net, f"{net}-two", *words)
            self.assertTrue(one == weights_of(cut_off / "bundle"), net)

    def test_words_that_are_no_bytes_are_refused(self):
        other = self.scratch / "pairs"
        tessera("preprocess", "--input", SAMPLE / "run1", "--labels", SAMPLE / "labels.toml", "--store",
                other, "--tokenizer", "bigram-pairs")
        tessera("split", other, "--by", "flow", "--name", "flows")
        _, err = tessera("finetune", "--store", other, "--split", "flows", "--model",
                         "deep-packet-cnn", "--run", self.scratch / "run", expect=2)
        self.assertIn("deep-packet", err)


if __name__ == "__main__":
    main()
