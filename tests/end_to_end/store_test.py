"""From captures to a token store: the same bytes on any number of ranks, read back by h5py, bad files
listed and harmless, resumed after a kill."""
import gzip
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import time
import unittest

from support import (ENVIRONMENT, SAMPLE, InScratch, command, main, share_memory, tessera,
                     tessera_json, tree)


def preprocess(store, *words, **options):
    return tessera_json("preprocess", "--input", SAMPLE, "--labels", SAMPLE / "labels.toml",
                        "--store", store, *words, **options)


def joined(captures):
    """One pcap file of the records of several that are written alike."""
    whole = captures[0].read_bytes()[:24]
    for capture in captures:
        content = capture.read_bytes()
        if content[:4] == whole[:4] and content[20:24] == whole[20:24]:
            whole += content[24:]
    return whole


def udp_packet(source, destination, payload=b"payload"):
    """An IPv4 datagram between 10.0.0.1 and 10.0.0.2; checksums are left zero."""
    udp = struct.pack(">HHHH", source, destination, 8 + len(payload), 0) + payload
    return struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, 0x0A000001,
                       0x0A000002) + udp


def pcap_of(packets):
    """A pcap file of IP packets, one a second."""
    whole = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    for second, packet in enumerate(packets):
        whole += struct.pack("<IIII", second, 0, len(packet), len(packet)) + packet
    return whole


def as_pcapng(content):
    """The packets of a pcap file as pcapng: one section, one interface, enhanced packet blocks."""
    order = "<" if content[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    digits = 9 if content[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 6

    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        size = struct.pack("<I", 12 + len(body))
        return struct.pack("<I", kind) + size + body + size

    link = struct.unpack(order + "I", content[20:24])[0]
    options = struct.pack("<HHBxxxHH", 9, 1, digits, 0, 0)
    blocks = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
              block(1, struct.pack("<HHI", link, 0, 0) + options)]
    at = 24
    while at < len(content):
        seconds, fraction, captured, wire = struct.unpack(order + "IIII", content[at:at + 16])
        ticks = seconds * 10 ** digits + fraction
        packet = content[at + 16:at + 16 + captured]
        head = struct.pack("<IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, captured, wire)
        blocks.append(block(6, head + packet))
        at += 16 + captured
    return b"".join(blocks)


class Store(InScratch):
    def test_one_two_and_four_ranks_write_the_same_bytes(self):
        stores = []
        for ranks in (1, 2, 4):
            summary = preprocess(self.scratch / f"store{ranks}", ranks=ranks)
            self.assertEqual(summary["packets_read"],
                             summary["packets_kept"] + sum(summary["packets_dropped"].values()))
            self.assertGreater(summary["flows"], 500)
            stores.append(tree(self.scratch / f"store{ranks}"))
        self.assertGreater(len(stores[0]), 3)
        self.assertEqual(stores[0], stores[1])
        self.assertEqual(stores[0], stores[2])

    def test_packets_and_flows_are_tsharks(self):
        """tshark counts the packets of each capture; sums must be ours."""
        if shutil.which("tshark") is None:
            self.skipTest("tshark is not installed")
        preprocess(self.scratch / "store")
        manifest = json.loads((self.scratch / "store/manifest.json").read_text())
        for capture in manifest["captures"]:
            done = subprocess.run(
                ["tshark", "-n", "-r", SAMPLE / capture["path"], "-T", "fields", "-e",
                 "frame.number", "-Y", "(tcp || udp) && !icmp && !icmpv6"],
                capture_output=True, text=True, timeout=300, check=True)
            with self.subTest(capture=capture["path"]):
                self.assertEqual(len(done.stdout.splitlines()), capture["packets_kept"])

    def test_what_is_left_out_is_counted(self):
        ports = 5 * [(40000, 9999)] + 2 * [(40001, 9999)] + [(40002, 53), (53, 40002), (40003, 53),
                                                            (5353, 5353), (40004, 123)]
        capture = self.scratch / "made.pcap"
        capture.write_bytes(pcap_of(udp_packet(*pair) for pair in ports))
        whole = tessera_json("preprocess", "--input", capture, "--store", self.scratch / "whole")
        self.assertEqual((whole["packets_kept"], whole["flows"]), (12, 7))
        self.assertEqual(whole["packets_dropped"], {})
        cleaned = tessera_json("preprocess", "--input", capture, "--store", self.scratch / "cleaned",
                               "--leave-out", "dns", "mdns", "--min-flow-packets", 3)
        self.assertEqual(cleaned["packets_dropped"],
                         {"left_out_dns": 3, "left_out_mdns": 1, "short_flow": 3})
        self.assertEqual((cleaned["packets_kept"], cleaned["flows"]), (5, 1))
        tessera("verify", self.scratch / "cleaned")

    def test_tunnels_are_counted_by_kind_and_policy(self):
        def around(protocol, inner):
            return struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(inner), 0, 0, 64, protocol, 0,
                               0x0B000001, 0x0B000002) + inner

        inner = udp_packet(40000, 9999)
        gtp = struct.pack(">BBHI", 0x30, 255, len(inner), 1) + inner
        capture = self.scratch / "made.pcap"
        capture.write_bytes(pcap_of(3 * [around(4, inner)] + 2 * [udp_packet(2152, 2152, gtp)] +
                                    [around(47, struct.pack(">HH", 0, 0x0800) + inner), inner]))
        for ranks in (1, 2):
            for share in (0, 100):
                for policy, flows in (("inner", 1), ("outer", 2)):
                    summary = tessera_json(
                        "preprocess", "--input", capture, "--tunnels", policy, "--share-bytes",
                        share, "--store", self.scratch / f"store-{policy}-{share}-{ranks}",
                        ranks=ranks)
                    self.assertEqual(summary["tunnels"], {
                        "policy": policy, "packets": {"gre": 1, "gtp-u": 2, "ip_in_ip": 3}})
                    self.assertEqual(summary["flows"], flows)
        for policy in ("inner", "outer"):
            for share in (0, 100):
                trees = [tree(self.scratch / f"store-{policy}-{share}-{ranks}") for ranks in (1, 2)]
                self.assertEqual(*trees)
        self.assertIn("gtp-u", tessera("inspect", self.scratch / "store-outer-0-1")[0])

    def test_anonymised_addresses_stand_in_for_the_real_ones(self):
        capture = self.scratch / "made.pcap"
        capture.write_bytes(pcap_of(udp_packet(40000 + i, 9999) for i in range(9)))
        key = self.scratch / "secret.key"
        key.write_text("1522178d33a4cf80130a5b1649907d10d8988f837979652762574c2d2a842202\n")
        words = ("preprocess", "--input", capture, "--store")
        tessera(*words, self.scratch / "real")
        tessera(*words, self.scratch / "hidden", "--anonymise", key)
        tessera("verify", self.scratch / "hidden")
        addresses = [b"\xff\xff\x0a\x00\x00\x01", b"\xff\xff\x0a\x00\x00\x02"]
        for address in addresses:
            self.assertEqual(tree(self.scratch / "real")["shard-00000.h5"].count(address), 9)
            for name, content in tree(self.scratch / "hidden").items():
                self.assertEqual(content.count(address), 0, name)
        manifest = json.loads((self.scratch / "hidden/manifest.json").read_text())
        self.assertIn("crypto-pan", manifest["config"])
        self.assertNotIn("secret", manifest["config"])
        _, err = tessera(*words, self.scratch / "refused", "--anonymise", key, "--masking", "none",
                         expect=2)
        self.assertIn("real addresses", err)

    def test_an_unknown_protocol_is_refused_with_the_list(self):
        _, err = tessera("preprocess", "--input", SAMPLE, "--store", self.scratch / "store",
                         "--leave-out", "http", expect=2)
        self.assertIn("llmnr", err)

    def test_h5py_reads_it(self):
        preprocess(self.scratch / "store", ranks=2)
        script = (
            "import h5py, json, sys\n"
            "folder = sys.argv[1]\n"
            "index = h5py.File(folder + '/index.h5', 'r')\n"
            "manifest = json.load(open(folder + '/manifest.json'))\n"
            "tokens, offsets = index['tokens'], index['offsets'][:]\n"
            "assert tokens.dtype == 'uint16' and len(tokens) == manifest['tokens'] == offsets[-1]\n"
            "assert len(offsets) == manifest['bursts'] + 1 and (offsets[1:] >= offsets[:-1]).all()\n"
            "assert sum(h5py.File(folder + '/' + s['file'], 'r')['tokens'].shape[0]"
            " for s in manifest['shards']) == len(tokens)\n"
            "first = tokens[offsets[0]:offsets[1]]\n"
            "assert (first[:-1] & 255 == first[1:] >> 8)[:40].all(), 'bigrams overlap'\n"
            "print(len(tokens))\n")
        done = subprocess.run(["/usr/bin/python3", "-c", script, self.scratch / "store"],
                              capture_output=True, text=True, timeout=120)
        if "No module named" in done.stderr:
            self.skipTest("h5py is not installed")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_verify_finds_a_flipped_byte_anywhere(self):
        store = self.scratch / "store"
        preprocess(store)
        tessera("verify", store)
        files = [path for path in store.iterdir() if path.is_file() and path.name != ".lock"]
        chooser = random.Random(1)
        for path in files:
            whole = path.read_bytes()
            for place in [0, len(whole) - 1, *(chooser.randrange(len(whole)) for _ in range(3))]:
                path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1:])
                with self.subTest(file=path.name, byte=place):
                    tessera("verify", store, expect=3)
            path.write_bytes(whole)
        tessera("verify", store)

    def test_inspect_says_what_preprocess_said(self):
        summary = preprocess(self.scratch / "store")
        seen = tessera_json("inspect", self.scratch / "store")
        for key in ("captures", "captures_failed", "packets_read", "packets_kept",
                    "packets_dropped", "flows", "bursts", "tokens", "shards", "tokenizer",
                    "masking"):
            self.assertEqual(seen[key], summary[key], key)
        self.assertGreater(summary["seconds"], 0)
        self.assertLess(summary["peak_memory_bytes"], 512 << 20)

    def test_inspect_counts_a_capture_in_parts_once(self):
        store = self.scratch / "store"
        summary = tessera_json("preprocess", "--input", SAMPLE, "--share-bytes", 20_000, "--store", store)
        entries = json.loads((store / "manifest.json").read_text())["captures"]
        self.assertGreater(len(entries), summary["captures"])
        self.assertRegex(tessera("inspect", store)[0], rf"captures +{summary['captures']} ")

    def test_a_dry_run_finds_what_a_run_would(self):
        (self.scratch / "there").mkdir()
        for words, said in ((["--store", self.scratch / "there"], "exists"),
                            (["--store", self.scratch / "new", "--filter", "nonsense("], "filter"),
                            (["--store", self.scratch / "new", "--memory", "1"], "preprocess.memory")):
            _, err = tessera("preprocess", "--dry-run", "--input", SAMPLE, *words, expect=2)
            self.assertIn(said, err)
        out, _ = tessera("preprocess", "--dry-run", "--input", SAMPLE, "--store", self.scratch / "new")
        self.assertIn("nothing written", out)
        self.assertFalse((self.scratch / "new").exists())

    def test_an_existing_store_is_not_overwritten(self):
        store = self.scratch / "store"
        preprocess(store)
        before = tree(store)
        _, err = tessera("preprocess", "--input", SAMPLE, "--store", store, expect=2)
        self.assertIn("--force", err)
        self.assertEqual(tree(store), before)
        tessera("preprocess", "--input", SAMPLE, "--store", store, "--force")
        self.assertNotEqual(tree(store), before)  # no labels this time


NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


def can_mount():
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


class SharedCapture(InScratch):
    """One capture read by all ranks together."""

    def setUp(self):
        super().setUp()
        self.capture = self.scratch / "large.pcap"
        self.capture.write_bytes(joined(sorted(SAMPLE.glob("run1/*.pcap"))))

    def share(self, name, ranks, expect=0, memory=True):
        store = self.scratch / f"{name}-{ranks}-{memory}"
        out, err = tessera("preprocess", "--input", self.capture, "--share-bytes", 400_000,
                           "--store", store, "--json", *share_memory(memory), ranks=ranks,
                           expect=expect)
        return store, json.loads(out), err

    def test_any_number_of_ranks_writes_the_same_bytes(self):
        first, summary, _ = self.share("store", 1)
        self.assertEqual(summary["captures"], 1)
        self.assertGreater(len(summary["shards"]), 3)
        tessera("verify", first)
        for ranks, memory in ((2, True), (3, True), (4, True), (8, True), (2, False), (5, False)):
            with self.subTest(ranks=ranks, memory=memory):
                self.assertEqual(tree(self.share("store", ranks, memory=memory)[0]), tree(first))

    @unittest.skipUnless(can_mount(), "no mount namespaces here")
    def test_where_there_is_little_memory_to_share_messages_go_instead(self):
        whole = tree(self.share("store", 1)[0])
        for size, warned in (("14m", True), ("60m", False)):
            store = self.scratch / f"shm-{size}"
            line = command("preprocess", "--input", self.capture, "--share-bytes", 400_000,
                           "--store", store, ranks=2)
            mount = f"mount -t tmpfs -o size={size} tmpfs /dev/shm && exec \"$@\""
            done = subprocess.run([*NAMESPACE, "sh", "-c", mount, "sh", *line], env=ENVIRONMENT,
                                  check=True, capture_output=True, text=True, timeout=120)
            self.assertEqual("/dev/shm has no room" in done.stderr, warned, done.stderr)
            self.assertEqual(tree(store), whole)

    def test_pcapng_and_gzip_give_the_shards_of_pcap(self):
        """Read by one rank for all; as many parts where each is larger than sixteen shares."""
        content = self.capture.read_bytes()
        pcapng = as_pcapng(content)
        shards = {}
        for name, written in (("a.pcap", content), ("a.pcapng", pcapng),
                              ("a.pcap.gz", gzip.compress(content, 1)),
                              ("a.pcapng.gz", gzip.compress(pcapng, 1))):
            capture = self.scratch / name
            capture.write_bytes(written)
            for ranks in (1, 2, 3):
                store = self.scratch / f"{name}-{ranks}"
                tessera("preprocess", "--input", capture, "--share-bytes", 10_000, "--store", store,
                        ranks=ranks)
                shards[name, ranks] = {path: written for path, written in tree(store).items()
                                       if path.endswith(".h5")}
        first = shards["a.pcap", 1]
        self.assertEqual(len(first), 17)
        for which, found in shards.items():
            self.assertEqual(found, first, which)

    def test_stopped_by_a_signal_it_ends_soon_and_goes_on(self):
        capture = self.scratch / "long.pcap"
        content = self.capture.read_bytes()
        capture.write_bytes(content + 100 * content[24:])
        words = ("preprocess", "--input", capture, "--progress", "none", "--store")
        stopped = self.scratch / "stopped"
        running = subprocess.Popen(command(*words, stopped, ranks=2), env=ENVIRONMENT, text=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        end = time.monotonic() + 60
        while time.monotonic() < end and not stopped.with_suffix(".partial").exists():
            time.sleep(0.005)
        running.send_signal(signal.SIGUSR1)
        _, said = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 85, said)
        self.assertIn("run me again", said)
        tessera(*words, stopped, ranks=2)
        tessera(*words, self.scratch / "undisturbed", ranks=1)
        self.assertEqual(tree(stopped), tree(self.scratch / "undisturbed"))

    def test_records_in_a_payload_deceive_nobody(self):
        """Packets full of what looks like records, longer than a chunk: every guess in them is wrong."""
        content = self.capture.read_bytes()
        order = "<" if content[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        decoys = (struct.pack(order + "IIII", 1, 1, 20, 20) + b"\x11" * 20) * 5000
        packet = struct.pack(order + "IIII", 2, 2, len(decoys), len(decoys)) + decoys
        self.capture.write_bytes(content + 3 * packet + content[24:])
        first, summary, _ = self.share("decoys", 1)
        alone = tessera_json("preprocess", "--input", self.capture, "--share-bytes", 0, "--store",
                             self.scratch / "alone")
        self.assertEqual(summary["packets_read"], alone["packets_read"])
        for ranks, memory in ((2, True), (3, True), (5, False)):
            self.assertEqual(tree(self.share("decoys", ranks, memory=memory)[0]), tree(first))

    def test_it_holds_what_one_rank_reads_alone(self):
        _, shared, _ = self.share("store", 3)
        alone = tessera_json("preprocess", "--input", self.capture, "--share-bytes", 0, "--store",
                             self.scratch / "alone")
        for key in ("packets_read", "packets_kept", "packets_dropped", "tokens"):
            self.assertEqual(shared[key], alone[key], key)
        # A flow that waits longer than its time-out meets another clock in a part: by its own
        # stamps the same flows come out of a capture without such gaps.
        self.assertEqual(shared["flows"], alone["flows"])

    def test_short_flows_are_left_out_alike(self):
        stores = []
        for ranks, memory in ((1, True), (3, True), (5, False)):
            store = self.scratch / f"long-{ranks}"
            summary = tessera_json("preprocess", "--input", self.capture, "--share-bytes", 400_000,
                                   "--min-flow-packets", 25, "--store", store,
                                   *share_memory(memory), ranks=ranks)
            self.assertGreater(summary["packets_dropped"]["short_flow"], 0)
            tessera("verify", store)
            stores.append(tree(store))
        self.assertEqual(stores[0], stores[1])
        self.assertEqual(stores[0], stores[2])

    def test_a_cut_file_ends_at_the_same_fault(self):
        self.capture.write_bytes(self.capture.read_bytes()[:-7])
        one = self.share("cut", 1, expect=3)
        three = self.share("cut", 3, expect=3)
        five = self.share("cut", 5, expect=3, memory=False)
        alone = tessera("preprocess", "--input", self.capture, "--share-bytes", 0, "--store",
                        self.scratch / "alone", expect=3)[1]
        self.assertEqual(tree(one[0]), tree(three[0]))
        self.assertEqual(tree(one[0]), tree(five[0]))
        line = next(line for line in alone.splitlines() if "record" in line)
        self.assertIn(line.split("large.pcap")[1], three[2])
        self.assertIn(line.split("large.pcap")[1], five[2])


class BadFiles(InScratch):
    """Each bad file costs one line and nothing else."""

    def setUp(self):
        super().setUp()
        self.captures = self.scratch / "captures"
        self.captures.mkdir()
        good = sorted(SAMPLE.rglob("*.pcap"))[0]
        self.good = good.read_bytes()
        shutil.copy(good, self.captures / "good.pcap")
        self.alone = tessera_json("preprocess", "--input", self.captures, "--store",
                                  self.scratch / "alone")

    def run_with(self, name, content, ranks=1):
        path = self.captures / name
        path.write_bytes(content)
        store = self.scratch / f"store-{ranks}"
        shutil.rmtree(store, ignore_errors=True)
        out, err = tessera("preprocess", "--input", self.captures / "good.pcap", path, "--store",
                           store, "--json", ranks=ranks, expect=3)
        path.unlink()
        tessera("verify", store)
        return json.loads(out), err

    def test_unreadable_files_are_listed_and_good_ones_done(self):
        cases = {"empty.pcap": b"", "text.pcap": b"this is no capture at all, just words\n",
                 "short.pcap": self.good[:10], "magic.pcap": b"\xde\xad\xbe\xef" + self.good[4:]}
        for name, content in cases.items():
            for ranks in (1, 2):
                with self.subTest(file=name, ranks=ranks):
                    summary, err = self.run_with(name, content, ranks)
                    self.assertIn(name, err)
                    self.assertEqual(summary["flows"], self.alone["flows"])
                    self.assertEqual(summary["packets_read"], self.alone["packets_read"])

    def test_a_cut_file_keeps_what_was_before_the_cut(self):
        summary, err = self.run_with("cut.pcap", self.good[:-3])
        self.assertIn("cut.pcap", err)
        self.assertRegex(err, r"byte \d+")
        self.assertEqual(summary["packets_read"], 2 * self.alone["packets_read"] - 1)

    def test_a_lying_length_ends_the_file_there(self):
        order = "<" if self.good[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        lie = self.good[:24 + 8] + struct.pack(order + "I", 0xFFFFFFF0) + self.good[24 + 12:]
        summary, err = self.run_with("lie.pcap", lie)
        self.assertRegex(err, r"byte 24\b|byte 3\d\b")
        self.assertEqual(summary["packets_read"], self.alone["packets_read"])

    def test_strict_stops_at_once_and_publishes_nothing(self):
        (self.captures / "bad.pcap").write_bytes(b"nothing")
        store = self.scratch / "strict"
        _, err = tessera("preprocess", "--input", self.captures / "bad.pcap",
                         self.captures / "good.pcap", "--store", store, "--strict", expect=3)
        self.assertIn("bad.pcap", err)
        self.assertFalse(store.exists())

    def test_hostile_names_do_no_harm(self):
        names = ["$(id).pcap", "-rf.pcap", "a\nb.pcap", "\x1b[31mred.pcap", "quote'\".pcap",
                 "a b%20.pcap", "x" * 200 + ".pcap", "..pcap", "..\\..\\etc.pcap", "`id`;id.pcap",
                 "@list.pcap", "{a,b}[c]*?.pcap"]
        for name in names:
            (self.captures / name).write_bytes(self.good)
        (self.captures / "bad\x1b[2J.pcap").write_bytes(b"\xd4\xc3\xb2\xa1 cut")
        around = self.captures / ".." / self.captures.name
        out, err = tessera("preprocess", "--input", around, "--store",
                           self.scratch / "names", "--json", expect=3)
        self.assertNotIn("\x1b", out + err)
        self.assertEqual(json.loads(out)["captures"], len(names) + 1)
        self.assertEqual(sorted(path.name for path in self.scratch.iterdir()),
                         ["alone", "captures", "names"])
        manifest = json.loads((self.scratch / "names/manifest.json").read_text())
        self.assertEqual({capture["path"] for capture in manifest["captures"]},
                         {*names, "good.pcap"})
        # Named on the command line, one by one, as a shell would pass them.
        for name in names:
            tessera("preprocess", "--input", f"./{name}", "--store", self.scratch / "one", "--force",
                    cwd=self.captures)
        tessera("verify", self.scratch / "names")


KILLS = int(os.environ.get("TESSERA_TEST_KILLS", "6"))  # of each kind; more on a patient day


def processes_of(session, name=""):
    """Ids of the session's living processes, or of those that run the program called so."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            called, rest = stat.read_text().split("(", 1)[1].rsplit(")", 1)
        except OSError:
            continue  # it has ended meanwhile
        fields = rest.split()
        if fields[0] != "Z" and int(fields[3]) == session and called.startswith(name):
            found.append(int(stat.parent.name))
    return found


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def kill_session(session):
    """Until nothing of it lives: a process may have been starting another."""
    end = time.monotonic() + 30
    while (pids := processes_of(session)) and time.monotonic() < end:
        kill(pids)
        time.sleep(0.01)


class Resume(InScratch):
    """Killed at any moment, one rank or all, finished by the next call with the bytes of an
    undisturbed run. The long form: TESSERA_TEST_KILLS=200 tests/end_to_end/store_test.py Resume"""

    def kill_again_and_again(self, words):
        started = time.monotonic()
        tessera(*words, self.scratch / "undisturbed", ranks=2)
        whole = time.monotonic() - started
        chooser = random.Random(7)
        store = self.scratch / "store"
        resumed = struck_alone = 0
        for attempt in range(KILLS):
            running = subprocess.Popen(command(*words, store, ranks=2), env=ENVIRONMENT,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       start_new_session=True)
            time.sleep(chooser.uniform(0.2, 0.95) * whole)
            if attempt % 2 == 1:
                alone = processes_of(running.pid, "tessera-prepro")[:1]
                kill(alone)  # the launcher ends the other
                struck_alone += len(alone)
                running.wait(timeout=300)  # a launcher among many takes its time
            kill_session(running.pid)
            running.wait(timeout=60)
            self.assertEqual(processes_of(running.pid), [])
            if store.exists():
                shutil.rmtree(store)  # it was quicker than the signal
            resumed += len(list(pathlib.Path(f"{store}.partial").glob("unit-*.json"))) > 0
        tessera(*words, store, ranks=2)
        self.assertEqual(tree(store), tree(self.scratch / "undisturbed"))
        self.assertFalse(pathlib.Path(f"{store}.partial").exists())
        print(f"{KILLS} kills, {struck_alone} of one rank alone, {resumed} left work to take over",
              flush=True)
        return resumed

    def test_units_of_many_captures(self):
        copies = self.scratch / "captures"
        for number in range(6):
            shutil.copytree(SAMPLE, copies / str(number))
        resumed = self.kill_again_and_again(("preprocess", "--input", copies, "--store"))
        self.assertGreater(resumed, 0, "no attempt was killed with work done: choose other moments")

    def test_a_capture_shared_by_the_ranks(self):
        capture = self.scratch / "large.pcap"
        content = joined(sorted(SAMPLE.glob("run1/*.pcap")))
        capture.write_bytes(content + 40 * content[24:])
        self.kill_again_and_again(("preprocess", "--input", capture, "--store"))


if __name__ == "__main__":
    main()
