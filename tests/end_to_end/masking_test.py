"""Masked packets as tshark sees them: the tokens of a store, written as captures again."""
import array
import gzip
import json
import shutil
import struct
import subprocess
import unittest

from support import SAMPLE, SHARED, InScratch, main, tessera, tessera_json, tree

# One of each kind of sample traffic; beside them, where they are at hand, IPv6, tunnels and fragments.
CAPTURES = [*sorted(SAMPLE.glob("run1/*.pcap"))[:4]]
TUNNELS = SHARED / "data/public/ntop+nDPI"

WHOLE = ("--tokenizer", "byte", "--bytes-per-packet", 65535)  # a token a byte: the masked packets


def column(store, shard, name, kind):
    """A column of a shard, read where the manifest says that it lies."""
    place = shard["columns"][name]
    rows = {"/tokens": shard["tokens"], "/packet/offsets": shard["packets"] + 1,
            "/packet/time_ns": shard["packets"]}[name]
    values = array.array(kind)
    with open(store / shard["file"], "rb") as file:
        file.seek(place)
        values.frombytes(file.read(rows * values.itemsize))
    return values


def packets(store):
    """(time in ns, masked bytes from the IP header on) of each packet, by time."""
    found = []
    for shard in json.loads((store / "manifest.json").read_text())["shards"]:
        tokens = column(store, shard, "/tokens", "H")
        offsets = column(store, shard, "/packet/offsets", "Q")
        times = column(store, shard, "/packet/time_ns", "q")
        found += [(time, bytes(iter(tokens[offsets[i]:offsets[i + 1]])))
                  for i, time in enumerate(times)]
    return sorted(found, key=lambda packet: packet[0])


def on_wire(content):
    """Bytes of the datagram before the snap length cut it, by its IP header."""
    six = content[0] >> 4 == 6
    said = struct.unpack(">H", content[4:6] if six else content[2:4])[0] + 40 * six
    return max(said, len(content))


def write(path, found):
    """A pcap file of IP packets, ns."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 101))
        for time, content in found:
            file.write(struct.pack("<IIII", time // 10**9, time % 10**9, len(content),
                                   on_wire(content)))
            file.write(content)
    return path


def tshark(capture, *fields, options=(), only="tcp || udp"):
    """Rows of the fields, of the innermost header where there are several."""
    words = ["tshark", "-n", "-r", capture, "-Y", only, "-T", "fields", "-E", "occurrence=l"]
    for option in options:
        words += ["-o", option]
    for field in fields:
        words += ["-e", field]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


def checksums(capture):
    """How many packets tshark finds with these states of IP, TCP and UDP checksum: 0 wrong, 1 right."""
    check = [f"{protocol}.check_checksum:TRUE" for protocol in ("ip", "tcp", "udp")]
    counts = {}
    for row in tshark(capture, "ip.checksum.status", "tcp.checksum.status", "udp.checksum.status",
                      options=check):
        counts[row] = counts.get(row, 0) + 1
    return counts


@unittest.skipIf(shutil.which("tshark") is None, "tshark is not installed")
class Masking(InScratch):
    def masked(self, captures, *words, name="store"):
        store = self.scratch / name
        tessera("preprocess", "--input", *captures, "--store", store, *WHOLE, *words)
        return packets(store)

    def test_recomputed_checksums_are_right(self):
        for profile in ("default", "CTD", "H1"):
            for values in ("zero", "random"):
                with self.subTest(profile=profile, values=values):
                    name = f"{profile}-{values}"
                    found = self.masked(CAPTURES, "--masking", profile, "--mask-values", values,
                                        "--checksums", "recompute", name=name)
                    counts = checksums(write(self.scratch / f"{name}.pcap", found))
                    self.assertEqual(sum(counts.values()), len(found))
                    wrong = {row: count for row, count in counts.items() if "0" in row}
                    self.assertEqual(wrong, {})
                    right = sum(count for row, count in counts.items() if "1" in row[1:])
                    whole = sum(len(content) == on_wire(content) for _, content in found)
                    self.assertGreater(whole, 2000)
                    self.assertEqual(right, whole)

    def test_recomputed_checksums_of_tunnels_and_ipv6(self):
        if not TUNNELS.is_dir():
            self.skipTest("no shared captures here")
        captures = [path for path in sorted(TUNNELS.rglob("*")) if path.is_file() and any(
            word in path.name for word in ("gtp", "vxlan", "6in4", "teredo", "ipv6", "gre", "frag"))]
        self.assertGreater(len(captures), 5)
        found = self.masked(captures, "--masking", "default", "--mask-values", "random",
                            "--checksums", "recompute")
        self.assertGreater(len(found), 300)
        counts = checksums(write(self.scratch / "masked.pcap", found))
        self.assertEqual([row for row in counts if "0" in row], [])
        right = sum(count for row, count in counts.items() if "1" in row[1:])
        self.assertGreater(right, 0.9 * len(found))  # UDP may come without one

    def test_relative_numbers_stay_as_they_are(self):
        """tshark's sequence numbers are relative to a connection's first: masking changes none."""
        fields = ("tcp.seq", "tcp.ack", "tcp.len", "tcp.flags", "tcp.options.sack_le",
                  "tcp.options.sack_re")
        for capture in CAPTURES:
            seen = tshark(capture, *fields, only="tcp")
            found = self.masked([capture], "--masking", "C", "--mask-values", "random",
                                name=capture.stem)
            masked = write(self.scratch / f"{capture.stem}.pcap", found)
            self.assertEqual(sorted(tshark(masked, *fields, only="tcp")), sorted(seen))
            raw = ("tcp.seq_raw",)
            self.assertNotEqual(sorted(tshark(masked, *raw, only="tcp")),
                                sorted(tshark(capture, *raw, only="tcp")))

    def test_random_values_are_the_same_on_any_number_of_ranks(self):
        packed = self.scratch / "packed.pcap.gz"  # read by one rank, for all
        packed.write_bytes(gzip.compress(CAPTURES[0].read_bytes(), 1))
        words = ("preprocess", "--input", SAMPLE / "run1", packed, "--mask-values", "random",
                 "--mask-seed", 7, "--checksums", "recompute")
        for share in ((), ("--share-bytes", 20_000)):
            trees = []
            for ranks in (1, 2, 4):
                store = self.scratch / f"store-{len(share)}-{ranks}"
                summary = tessera_json(*words, *share, "--store", store, ranks=ranks)
                self.assertEqual(summary["masking"]["values"], "random")
                self.assertEqual(summary["masking"]["seed"], 7)
                self.assertEqual(summary["masking"]["checksums"], "recompute")
                trees.append(tree(store))
            self.assertEqual(trees[0], trees[1])
            self.assertEqual(trees[0], trees[2])
            tessera("verify", self.scratch / f"store-{len(share)}-1")

    def test_random_values_and_anonymised_addresses_exclude_each_other(self):
        key = self.scratch / "secret.key"
        key.write_text("00" * 32 + "\n")
        _, err = tessera("preprocess", "--input", CAPTURES[0], "--store", self.scratch / "refused",
                         "--anonymise", key, "--mask-values", "random", expect=2)
        self.assertIn("real addresses", err)


if __name__ == "__main__":
    main()
