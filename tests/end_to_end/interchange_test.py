"""Other people's weights and tables, by the commands: ET-BERT's .bin and .tsv files come in, Hugging Face's
library reads what goes out and computes the same."""
import csv
import json
import os
import pathlib
import pickle
import random
import subprocess
import unittest

from support import InScratch, main, tessera, tessera_json

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
PEER = CACHE / "tessera/bench-python/bin/python"  # PyTorch, transformers (tests/bench)

SIZE = ("--layers", "2", "--hidden", "32", "--heads", "4", "--feed-forward", "64", "--positions", "64")

# A checkpoint in the names of UER, two layers of four heads; random, but the same each time.
MAKE_UER = """
import sys, torch
torch.manual_seed(3)
hidden, rows = 32, len(open(sys.argv[1] + '/vocab.txt').read().split('\\n')) - 1
state = {'embedding.word_embedding.weight': torch.randn(rows, hidden) / 8,
         'embedding.position_embedding.weight': torch.randn(64, hidden) / 8,
         'embedding.segment_embedding.weight': torch.randn(3, hidden) / 8,
         'embedding.layer_norm.gamma': torch.ones(hidden), 'embedding.layer_norm.beta': torch.zeros(hidden)}
for layer in range(2):
    at = f'encoder.transformer.{layer}.'
    for name, shape in [(f'self_attn.linear_layers.{i}', (hidden, hidden)) for i in range(3)] + [
            ('self_attn.final_linear', (hidden, hidden)), ('feed_forward.linear_1', (64, hidden)),
            ('feed_forward.linear_2', (hidden, 64))]:
        state[at + name + '.weight'], state[at + name + '.bias'] = torch.randn(shape) / 6, torch.zeros(shape[0])
    for name in ('layer_norm_1', 'layer_norm_2'):
        state[at + name + '.gamma'], state[at + name + '.beta'] = torch.ones(hidden), torch.zeros(hidden)
torch.save(state, sys.argv[1] + '/model.bin')
"""

# Class and probability of each row of a table, by Hugging Face's library alone.
ASK_HUGGING_FACE = """
import csv, json, sys, torch, transformers
folder, table, temperature = sys.argv[1], sys.argv[2], float(sys.argv[3])
model, report = transformers.BertForSequenceClassification.from_pretrained(folder, output_loading_info=True)
assert not report['missing_keys'] and not report['unexpected_keys'], report
model.eval()
answers = []
with torch.no_grad():
    for row in csv.DictReader(open(table), delimiter='\\t'):
        ids = [1, *(int(word, 16) + 5 for word in row['text_a'].split()), 2]  # [CLS] bigrams [SEP]
        share = torch.softmax(model(input_ids=torch.tensor([ids])).logits[0] / temperature, 0)
        answers.append([model.config.id2label[int(share.argmax())], float(share.max())])
print(json.dumps(answers))
"""


def ask_peer(program, *words):
    done = subprocess.run([PEER, "-c", program, *map(str, words)], capture_output=True, text=True,
                          timeout=120, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


def words(data):
    return " ".join(f"{a:02x}{b:02x}" for a, b in zip(data, data[1:]))


class Tables(InScratch):
    def setUp(self):
        super().setUp()
        draw = random.Random(7)
        self.tables = [self.table(draw, f"{fold}_dataset.tsv", rows)
                       for fold, rows in (("train", 60), ("valid", 20), ("test", 30))]
        self.store = self.scratch / "store"

    def table(self, draw, name, rows):
        """Two classes that a byte somewhere tells apart."""
        path = self.scratch / name
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter="\t")
            writer.writerow(["label", "text_a"])
            for number in range(rows):
                data = [draw.randrange(200) for _ in range(draw.randrange(8, 20))]
                data[draw.randrange(len(data))] = 220 + number % 2
                writer.writerow([("mail", "web")[number % 2], words(data) + " "])
        return path

    def import_tables(self):
        tessera("import", "--input", *self.tables, "--output", self.store)
        tessera("split", self.store, "--by", "folder", "--name", "files")

    def finetune(self, run, *options):
        tessera("finetune", "--store", self.store, "--split", "files", "--run", self.scratch / run,
                "--inputs", "tokens", "--sequence-length", "32", "--micro-batch-size", "10",
                "--global-batch-size", "20", "--train-iters", "60", "--lr", "2e-3", "--threads", "1",
                *options)
        report = self.scratch / f"report-{run}"
        tessera("evaluate", "--model", self.scratch / run, "--store", self.store, "--output", report,
                "--controls", "look-ups")
        return json.loads((report / "report.json").read_text()), report

    def test_tables_become_a_store(self):
        self.import_tables()
        facts = tessera_json("inspect", self.store)
        self.assertEqual((facts["captures"], facts["flows"]), (3, 110))
        tessera("verify", self.store)
        graded, _ = self.finetune("own", "--init", "none", *SIZE)
        self.assertEqual(graded["split"]["flows"], {"train": 60, "valid": 20, "test": 30})
        self.assertEqual(graded["items"], 30)

    @unittest.skipUnless(PEER.exists(), "no Hugging Face here (tests/bench)")
    def test_hugging_face_gives_the_answers_of_the_report(self):
        self.import_tables()
        _, report = self.finetune("own", "--init", "none", *SIZE)
        bundle, out = self.scratch / "own/bundle", self.scratch / "bert"
        tessera("export", "--model", bundle, "--output", out)
        info = json.loads((bundle / "bundle.json").read_text())["content"]["bundle"]
        answers = json.loads(ask_peer(ASK_HUGGING_FACE, out, self.tables[2], info["temperature"]))
        with open(report / "predictions.csv", newline="", encoding="utf-8") as table:
            rows = list(csv.DictReader(table))
        self.assertEqual([row["prediction"] for row in rows], [name for name, _ in answers])
        for row, (_, probability) in zip(rows, answers):  # six decimals, float32 sums in another order
            self.assertAlmostEqual(float(row["probability"]), probability, delta=1e-5)
        tessera("import", "--input", out, "--output", self.scratch / "back")
        self.finetune("further", "--init", self.scratch / "back")

    def test_what_goes_out_comes_back(self):
        self.import_tables()
        tessera("pretrain", "--store", self.store, "--split", "files", "--run", self.scratch / "run",
                *SIZE, "--sequence-length", "24", "--micro-batch-size", "4", "--global-batch-size",
                "8", "--train-iters", "2", "--eval-interval", "0", "--threads", "1")
        tessera("export", "--model", self.scratch / "run", "--output", self.scratch / "bert")
        tessera("import", "--input", self.scratch / "bert", "--output", self.scratch / "back")
        tessera("export", "--model", self.scratch / "back", "--output", self.scratch / "again")
        for name in ("model.safetensors", "config.json", "vocab.txt"):
            self.assertEqual((self.scratch / "bert" / name).read_bytes(),
                             (self.scratch / "again" / name).read_bytes(), name)

    @unittest.skipUnless(PEER.exists(), "no PyTorch here (tests/bench)")
    def test_weights_of_uer_are_an_origin_for_their_tables(self):
        (self.scratch / "vocab.txt").write_text(
            "[PAD]\n[SEP]\n[CLS]\n[UNK]\n[MASK]\n" +
            "".join(f"{byte:02x}\n##{byte:02x}\n" for byte in range(256)))
        ask_peer(MAKE_UER, self.scratch)
        tessera("import", "--input", self.scratch / "model.bin", "--vocabulary",
                self.scratch / "vocab.txt", "--attention-heads", "4", "--output",
                self.scratch / "etbert")
        self.import_tables()
        graded, _ = self.finetune("tuned", "--init", self.scratch / "etbert")
        self.assertEqual(graded["provenance"]["model: init"], str(self.scratch / "etbert"))
        model = (self.scratch / "tuned/bundle/model.toml").read_text()
        self.assertIn('layer_norm = "unbiased"', model)
        self.assertIn("heads = 4", model)
        _, err = tessera("export", "--model", self.scratch / "tuned/bundle", "--output",
                         self.scratch / "bert", expect=2)
        self.assertIn("layer norm", err)  # Hugging Face would compute something else

    def test_a_pickle_that_runs_a_program_is_refused(self):
        class Evil:
            def __reduce__(self):
                return os.system, (f"touch {trace}",)

        trace = self.scratch / "ran"
        (self.scratch / "evil.bin").write_bytes(pickle.dumps({"w": Evil()}, protocol=2))
        (self.scratch / "vocab.txt").write_text("[PAD]\n")
        tessera("import", "--input", self.scratch / "evil.bin", "--vocabulary",
                self.scratch / "vocab.txt", "--output", self.scratch / "run", expect=3)
        self.assertFalse(trace.exists())
        self.assertFalse((self.scratch / "run").exists())


if __name__ == "__main__":
    main()
