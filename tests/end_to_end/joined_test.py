"""One capture in several files (tcpdump -C, dumpcap -b): the store is that of the capture in one."""
import gzip
import json
import struct

from captures import pcap, pcapng
from support import SAMPLE, InScratch, main, tessera, tessera_json, tree


def frames_of(path):
    """(time in ns, frame) of a little-endian pcap file in us."""
    content = path.read_bytes()
    assert content[:4] == b"\xd4\xc3\xb2\xa1", path
    at, found = 24, []
    while at < len(content):
        seconds, micros, size, _ = struct.unpack("<IIII", content[at:at + 16])
        found.append((seconds * 10**9 + micros * 1000, content[at + 16:at + 16 + size]))
        at += 16 + size
    return found


def pcap_us(frames):
    """Big-endian, us."""
    content = struct.pack(">IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    for time, frame in frames:
        content += struct.pack(">IIII", time // 10**9, time % 10**9 // 1000, len(frame),
                               len(frame)) + frame
    return content


def shards(store):
    return {path: content for path, content in tree(store).items() if path.endswith(".h5")}


class Joined(InScratch):
    def setUp(self):
        super().setUp()
        self.frames = sorted(frame for path in sorted(SAMPLE.glob("run1/*.pcap"))[:5]
                             for frame in frames_of(path))
        self.one = self.scratch / "one.pcap"
        self.one.write_bytes(pcap(self.frames))
        self.many = self.scratch / "many"
        self.many.mkdir()
        # Names say nothing about the order; every file is packed in another way.
        packed = (("trace", pcap), ("trace2", pcap_us), ("trace10.pcapng", pcapng),
                  ("trace1.gz", lambda frames: gzip.compress(pcap_us(frames))), ("a.pcap", pcap))
        share = len(self.frames) // len(packed) + 1
        for i, (name, pack) in enumerate(packed):
            (self.many / name).write_bytes(pack(self.frames[i * share:(i + 1) * share]))

    def test_by_one_rank_alone(self):
        tessera("preprocess", "--input", self.one, "--store", self.scratch / "a")
        summary = tessera_json("preprocess", "--input", self.many, "--join", "all", "--store",
                               self.scratch / "b")
        self.assertEqual(summary["captures"], 1)
        self.assertEqual(shards(self.scratch / "b"), shards(self.scratch / "a"))
        tessera("verify", self.scratch / "b")
        captures = json.loads((self.scratch / "b/manifest.json").read_text())["captures"]
        self.assertEqual([capture["path"] for capture in captures], ["trace"])

    def test_shared_by_ranks(self):
        words = ("--share-bytes", 100_000, "--share-parts", 5, "--store")
        tessera("preprocess", "--input", self.one, *words, self.scratch / "one")
        first = shards(self.scratch / "one")
        self.assertEqual(len(first), 6)
        whole = []
        for ranks in (1, 2, 4, 8):
            store = self.scratch / f"many{ranks}"
            tessera("preprocess", "--input", self.many, "--join", "folder", *words, store, ranks=ranks)
            self.assertEqual(shards(store), first, ranks)
            whole.append(tree(store))
        # So little memory that a round is one chunk of each rank.
        for ranks in (1, 8):
            store = self.scratch / f"little{ranks}"
            tessera("preprocess", "--input", self.one, "--memory", 2 << 20, "--no-share-memory",
                    *words, store, ranks=ranks)
            self.assertEqual(shards(store), first, ranks)
        self.assertTrue(all(each == whole[0] for each in whole))

    def test_a_damaged_file_is_told_and_the_others_are_read(self):
        content = (self.many / "trace2").read_bytes()
        (self.many / "trace2").write_bytes(content[:-7])
        (self.many / "trace10.pcapng").write_bytes(b"no capture")
        out, err = tessera("preprocess", "--input", self.many, "--join", "all", "--store",
                           self.scratch / "store", "--json", expect=3)
        share = len(self.frames) // 5 + 1
        self.assertEqual(json.loads(out)["packets_read"], len(self.frames) - share - 1)
        self.assertIn("'trace2': packet is cut", err)
        self.assertIn("trace10.pcapng", err)

    def test_folders_stay_apart(self):
        other = self.scratch / "both"
        for folder in ("x", "y"):
            (other / folder).mkdir(parents=True)
            for path in self.many.iterdir():
                (other / folder / path.name).write_bytes(path.read_bytes())
        summary = tessera_json("preprocess", "--input", other, "--join", "folder", "--labels",
                               "folders", "--store", self.scratch / "store")
        self.assertEqual(summary["captures"], 2)
        histograms = [labels["histogram"] for labels in summary["labels"].values()]
        self.assertEqual([sorted(each) for each in histograms], [["x", "y"]])


if __name__ == "__main__":
    main()
