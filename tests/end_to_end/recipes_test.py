"""Recipes from captures to a table, on stand-ins that carry the names of the real corpora."""
import hashlib
import json
import math
import os
import struct
import subprocess
import sys
import unittest
from pathlib import Path

from support import ENVIRONMENT, PROGRAMS, REPOSITORY, SHARED, InScratch, main

sys.path.insert(0, str(REPOSITORY / "src/apps"))
from reproduce.recipe import Refused, find  # noqa: E402
from reproduce.runner import Runner  # noqa: E402

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
# Controls as small as they go: these tests look at the path, not at the scores.
QUICK = dict(ENVIRONMENT, TESSERA_BASELINE_TREES="3", TESSERA_EVALUATE_RESAMPLES="20")


def reproduce(*words, expect=0, timeout=300):
    done = subprocess.run([str(PROGRAMS / "tessera"), "reproduce", *map(str, words)], text=True,
                          capture_output=True, env=QUICK, timeout=timeout, check=False)
    assert done.returncode == expect, (done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


def udp_frame(source, destination, ports, payload):
    """Ethernet, IPv4 (RFC 791) and UDP (RFC 768), checksums left out."""
    udp = struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, source, destination)
    return b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + udp


def capture(name, flows=6, packets=4):
    """A classic pcap of UDP flows; sizes and bytes follow from the name without its digits, so that
    classes can be told apart."""
    kind = hashlib.sha256("".join(c for c in name if not c.isdigit()).encode()).digest()
    host = hashlib.sha256(name.encode()).digest()[:2]
    client, server = b"\x0a\1" + host, b"\x0a\2" + kind[:2]
    text = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for flow in range(flows):
        ports = (20000 + flow, 1000 + kind[3])
        for number in range(packets):
            payload = bytes(kind[4 + number:][:8]) + bytes(20 + kind[number] + flow)
            ends = (client, server, ports) if number % 2 == 0 else (server, client, ports[::-1])
            frame = udp_frame(*ends, payload)
            text += struct.pack("<IIII", 1000 + flow, number, len(frame), len(frame)) + frame
    return text


def stand_in(corpus, folder):
    """Captures under the names of CORPUS/files.txt, below a folder as an archive would have it."""
    for line in (DATASETS / corpus / "files.txt").read_text().splitlines():
        name = line.split("#")[0].strip().lstrip("?").strip()
        if not name:
            continue
        path = folder / "unpacked" / name.replace(".pcap*", ".pcap").replace("*", "-1")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(capture(path.stem))


class PapersRecipes(InScratch):
    def run_recipe(self, name, *words):
        corpus = self.scratch / "corpus"
        if not corpus.exists():
            stand_in(name.split("/")[0], corpus)
        out, _ = reproduce(name, "--input", corpus, "--work", self.scratch / "work",
                           "--controls-only", *words)
        return out

    def report(self, name, fold=1):
        return json.loads((self.scratch / f"work/{name}/controls-{fold}/report.json").read_text())

    def test_iscx_vpn_has_the_classes_of_the_papers(self):
        for experiment, classes in (("service", 12), ("application", 17), ("service11", 11),
                                    ("application15", 15)):
            table = self.run_recipe(f"iscx-vpn/{experiment}")
            report = self.report(f"iscx-vpn/{experiment}")
            self.assertEqual(len(report["classes"]), classes, report["classes"])
            self.assertIn(f"{classes} classes", table)
            self.assertIn("logistic regression", table)
            if "boosted_trees" in report["baselines"]:  # not where XGBoost is absent
                self.assertIn("boosted trees + addresses", table)
            self.assertIn("Header fields alone, the strongest: ", table)
            self.assertEqual(report["split"]["by"], "capture")
            self.assertTrue(all(row["shared"] == 0 for row in report["split"]["audit"]
                                if row["what"] == "capture"))
        # One capture of torrents, two of e-mail inside the VPN: no split by capture has them all.
        service = self.report("iscx-vpn/service")["split"]["warnings"]
        self.assertTrue(any("Torrent: the whole store has it in 1 capture" in line
                            for line in service), service)

    def test_iscx_tor(self):
        self.run_recipe("iscx-tor")
        self.assertEqual(len(self.report("iscx-tor/service")["classes"]), 8)
        self.assertEqual(len(self.report("iscx-tor/application")["classes"]), 16)
        self.check_splits(self.scratch / "work/iscx-tor/service")

    def check_splits(self, work):
        """Every store is split as the first one: the same captures in the same folds."""
        first = json.loads((work / "store-default/splits/fold1.json").read_text())
        other = json.loads((work / "store-audit/splits/fold1.json").read_text())
        self.assertEqual(other["like"], {"store": first["store"], "split": first["checksum"],
                                         "groups_left_out": 0, "flows_left_out": 0})
        self.assertEqual(other["groups"], first["groups"])

    def test_ustc_tfc_over_two_folds(self):
        table = self.run_recipe("ustc-tfc", "--folds", "2")
        self.assertEqual(len(self.report("ustc-tfc/application")["classes"]), 20)
        self.assertEqual(len(self.report("ustc-tfc/malware", fold=2)["classes"]), 2)
        self.assertIn("(n = 2)", table)

    def test_folders_are_classes(self):
        for app in ("com.example.mail", "org.example.maps", "net.example.chat"):
            for number in (1, 2):
                path = self.scratch / f"corpus/{app}/{number}.pcap"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(capture(f"{app}{number}", flows=12))
        for name in ("cross-platform/android", "cstnet-tls1.3/service", "own/by-flow"):
            self.run_recipe(name)
            self.assertEqual(self.report(name)["classes"],
                             ["com.example.mail", "net.example.chat", "org.example.maps"])

    def test_what_is_missing_is_named(self):
        corpus = self.scratch / "corpus"
        stand_in("iscx-vpn", corpus)
        (corpus / "unpacked/torFacebook.pcap").unlink()
        _, err = reproduce("iscx-vpn/service", "--input", corpus, "--check")
        self.assertIn("missing: torFacebook.pcap* (this name is not certain", err)
        (corpus / "unpacked/netflix2.pcap").rename(corpus / "unpacked/Netflix2.PCAPNG")
        reproduce("iscx-vpn/service", "--input", corpus, "--check")
        (corpus / "unpacked/vpn_ftps_A.pcap").unlink()
        _, err = reproduce("iscx-vpn/service", "--input", corpus, "--work", self.scratch / "work",
                           expect=3)
        self.assertIn("missing: vpn_ftps_A.pcap*", err)
        self.assertFalse((self.scratch / "work").exists())

    def test_steps_that_are_done_stay(self):
        first = self.run_recipe("ustc-tfc/malware")
        _, err = reproduce("ustc-tfc/malware", "--input", self.scratch / "corpus", "--work",
                           self.scratch / "work", "--controls-only", "--results",
                           self.scratch / "results.md")
        for step in ("preprocess", "split", "controls"):
            self.assertNotIn(f"{step}-", err)
        self.assertIn(first.strip(), (self.scratch / "results.md").read_text())

    def test_one_split_is_not_taken_for_several(self):
        recipe = self.scratch / "datasets/mini"
        recipe.mkdir(parents=True)
        for by in ("folder", "time"):
            (recipe / "one.ini").write_text(f"[recipe]\ntitle = one\nby = {by}\nlabels = folders\n"
                                            "[models]\nET-BERT = --init none\n")
            _, err = reproduce("mini", "--recipes", self.scratch / "datasets", "--input", self.scratch,
                               "--folds", "3", expect=2)
            self.assertIn(f"mini/one splits by {by}, which has one split", err)

    def test_an_unknown_recipe_lists_the_known(self):
        _, err = reproduce("iscx", "--input", self.scratch, expect=2)
        self.assertIn("iscx-vpn/service", err)
        for words in (["iscx-vpn", "--nonsense"], ["iscx-vpn"], ["iscx-vpn", "--folds", "some"],
                      ["iscx-vpn", "--folds", "0"], ["iscx-vpn", "--seeds", "-1"]):
            _, err = reproduce(*words, expect=2)
            self.assertEqual(len(err.strip().splitlines()), 1, err)


    def test_what_is_no_recipe_is_refused_in_one_line(self):
        folder = self.scratch / "datasets/mini"
        folder.mkdir(parents=True)
        head = "[recipe]\ntitle = t\n"
        for text, said in ((b"title = t\n", "no section headers"),
                           (b"[models]\na = --init none\n", "no title"),
                           (b"[recipe]\nby = flow\n", "no title"),
                           (b"[recipe]\ntitle = t\ntitle = u\n", "already exists"),
                           (b"[recipe]\ntitle = t\nname = n\n", "unknown key 'name'"),
                           (b"[recipe]\ntitle = \xff\n", "utf-8"),
                           ((head + "[settings]\nfinetune = layers 2\n").encode(), "begins with 'layers'"),
                           ((head + "[models]\nnet = none\n").encode(), "begins with 'none'")):
            (folder / "bad.ini").write_bytes(text)
            _, err = reproduce("mini", "--recipes", folder.parent, "--input", self.scratch, expect=2)
            self.assertEqual(len(err.strip().splitlines()), 1, err)
            self.assertIn("bad.ini", err)
            self.assertIn(said, err)


class OwnRecipes(InScratch):
    def test_a_copy_keeps_its_settings_and_models(self):
        shipped = REPOSITORY / "datasets"
        mine = self.scratch / "recipes/mine"
        mine.mkdir(parents=True)
        for name in ("common.cfg", "by-capture.ini"):
            (mine / name).write_text((shipped / "own" / name).read_text())
        plain, = find(self.scratch / "recipes", "mine", shipped=shipped)
        self.assertIn("ET-BERT", plain.models)
        with (mine / "common.cfg").open("a") as file:
            file.write("[settings]\npretrain = --layers 1\n[models]\ntiny = --init none\n")
        own, = find(self.scratch / "recipes", "mine", shipped=shipped)
        self.assertEqual(own.models, {"tiny": ["--init", "none"]})
        self.assertEqual(own.settings["pretrain"], ["--layers", "1"])
        self.assertEqual(own.settings["finetune"], plain.settings["finetune"])
        small, = find(self.scratch / "recipes", "mine", small=True, shipped=shipped)
        self.assertEqual(small.models, plain.models)

    def test_without_models_it_is_refused(self):
        recipe = self.scratch / "recipes/none"
        recipe.mkdir(parents=True)
        (recipe / "one.ini").write_text("[recipe]\ntitle = one\nlabels = folders\n")
        with self.assertRaisesRegex(Refused, "there are no models"):
            find(self.scratch / "recipes", "none")


class Asking(InScratch):
    """What a program prints as JSON is read apart from what libraries add to its errors."""

    def ask(self, script):
        program = self.scratch / "tessera-compare"
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)
        return Runner(self.scratch, self.scratch / "work", "", math.inf).ask("pair", "compare")

    def test_lines_among_the_errors_do_no_harm(self):
        self.assertEqual(self.ask("echo 'a library warns' >&2; echo '{\"items\": 3}'"), {"items": 3})
        self.assertIn("a library warns", (self.scratch / "work/log/pair.txt").read_text())

    def test_what_is_no_json_is_refused(self):
        for script in ("echo '{\"items\": '", "true", "printf '\\377'"):
            with self.assertRaisesRegex(Refused, "'pair' printed no JSON.*pair.json"):
                self.ask(script)

    def test_a_program_that_fails_is_named_with_its_last_lines(self):
        with self.assertRaisesRegex(Refused, "'pair' ended with 3(.|\n)*it said so") as caught:
            self.ask("echo 'it said so' >&2; exit 3")
        self.assertEqual(caught.exception.code, 3)


class WithNetworks(InScratch):
    @unittest.skipUnless((PROGRAMS / "tessera-finetune").exists(), "built without LibTorch")
    def test_models_stand_beside_controls(self):
        corpus = self.scratch / "corpus"
        stand_in("ustc-tfc", corpus)
        recipe = self.scratch / "datasets/mini"
        recipe.mkdir(parents=True)
        os.symlink(DATASETS / "ustc-tfc/labels.toml", recipe / "labels.toml")
        size = "--layers 1 --hidden 16 --heads 2 --feed-forward 32"
        (recipe / "two.ini").write_text(
            "[recipe]\ntitle = two classes\nlabel_set = malware\nby = flow\nmasking = default\n"
            "label_shares = 0.5 1\ncompare = ET-BERT | random weights\n[settings]\npretrain = "
            + size + " --sequence-length 32 --train-iters 4 --save-interval 4 --eval-interval 0\n"
            "finetune = --train-iters 4 --save-interval 4 --eval-interval 4 --sequence-length 32\n"
            "[models]\nET-BERT = --init pretrained\nrandom weights = --init none " + size + "\n"
            "Deep Packet SAE = --model deep-packet-sae --layer-iters 2\n")
        out, _ = reproduce("mini", "--recipes", self.scratch / "datasets", "--input", corpus,
                           "--work", self.scratch / "work")
        for model in ("ET-BERT", "random weights", "Deep Packet SAE"):
            self.assertIn(f"| {model} | 0.", out)
        self.assertIn("| labels in training | 50 % | 100 % |", out)
        self.assertIn("every look-up", out)
        self.assertRegex(out, r"ET-BERT against random weights, .* on fold 1, seed 1: 50 % of the "
                         r"labels [+-]0\..*; whole (flow|capture)s of \d+ captures drawn")
        late, _ = reproduce("mini", "--recipes", self.scratch / "datasets", "--input", corpus,
                            "--work", self.scratch / "work", "--seeds", "2", "--minutes", "0")
        self.assertEqual(out, late, "a second seed would begin too late, the first is kept")
        text = (recipe / "two.ini").read_text()
        (recipe / "two.ini").write_text(text.replace("finetune = --train-iters 4", "finetune = --train-iters 5"))
        _, again = reproduce("mini", "--recipes", self.scratch / "datasets", "--input", corpus,
                             "--work", self.scratch / "work")
        for step, anew in (("preprocess-", False), ("pretrain-", False), ("finetune-", True),
                           ("evaluate-", True)):
            self.assertEqual(step in again, anew, step)
        self.check_page(self.scratch / "work/mini/two/page")

    def check_page(self, page):
        """The model chosen on the valid fold, beside every control and every other run."""
        self.assertIn("Label budget", (page / "report.html").read_text())
        report = json.loads((page / "report.json").read_text())
        self.assertIn("shuffled_labels", report["baselines"])
        self.assertIn("logistic_regression", report["baselines"])
        beside = {(run["name"], run["label_share"]) for run in report["beside"]}
        every = {(name, share) for name in ("ET-BERT", "random weights", "Deep Packet SAE")
                 for share in (0.5, 1.0)}
        chosen = every - beside  # the model itself, under its name in the recipe
        self.assertEqual(len(chosen), 1)
        self.assertEqual(report["title"].partition(" on ")[0], chosen.pop()[0])


@unittest.skipUnless(SHARED and (SHARED / "data").is_dir(), "no shared captures")
class SharedTasks(InScratch):
    def test_a_task_goes_from_tables_to_a_table(self):
        out, _ = reproduce("tasks/ics-flow", "--input", SHARED / "data", "--work",
                           self.scratch / "work", "--controls-only")
        self.assertIn("4 classes", out)
        labels = (self.scratch / "work/tasks/ics-flow/inputs/labels.csv").read_text()
        self.assertEqual(len(labels.splitlines()) - 1, 162)  # of the data's own table, after the cap
        store = self.scratch / "work/tasks/ics-flow/store-default/manifest.json"
        histogram = json.loads(store.read_text())["labels"]["label"]["histogram"]
        self.assertEqual(sum(histogram.values()), 162)


if __name__ == "__main__":
    main()
