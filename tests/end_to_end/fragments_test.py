"""IP datagrams in pieces: put together as tshark does, whoever reads which piece."""
import array
import gzip
import json
import random
import shutil
import struct
import subprocess
import unittest

from captures import pcap, pcapng
from support import InScratch, main, share_memory, tessera, tessera_json, tree

ETHERNET = bytes.fromhex("020000000002020000000001")


def ipv4(protocol, host, payload, identification, flags_and_offset=0):
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), identification, flags_and_offset, 64,
                         protocol, 0, bytes((10, 0, 0, host)), bytes((10, 0, 1, host)))
    words = sum(struct.unpack(">10H", header))
    words = (words & 0xFFFF) + (words >> 16)
    check = ~((words & 0xFFFF) + (words >> 16)) & 0xFFFF
    return header[:10] + struct.pack(">H", check) + header[12:] + payload


def ipv6(next_header, host, payload):
    ends = [bytes.fromhex(f"20010db8{side:08x}00000000{host:08x}") for side in (1, 2)]
    return struct.pack(">IHBB", 6 << 28, len(payload), next_header, 64) + b"".join(ends) + payload


def segment(protocol, port, size):
    if protocol == 17:
        return struct.pack(">HHHH", port, 53, 8 + size, 0) + bytes(size)
    return struct.pack(">HHIIBBHHH", port, 443, port, 1, 0x50, 0x18, 8192, 0, 0) + bytes(size)


def pieces(chooser, six, protocol, host, port, size, identification):
    """A datagram in pieces of its own length each, as IP packets; in one where it is short."""
    whole = segment(protocol, port, size)
    step = 8 * chooser.randint(1, 1 + len(whole) // 24)
    found = []
    for begin in range(0, len(whole), step):
        piece, more = whole[begin:begin + step], begin + step < len(whole)
        if six:
            header = struct.pack(">BBHI", protocol, 0, begin | more, identification)
            found.append(ipv6(44, host, header + piece))
        else:
            found.append(ipv4(protocol, host, piece, identification, more << 13 | begin >> 3))
    return found


def ethernet(packet):
    return ETHERNET + (b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\x00") + packet


def traffic(datagrams=800):
    """Frames of datagrams in pieces that lie among each other: some in tunnels, some never whole."""
    chooser = random.Random(1)
    waiting, frames = [], []
    for number in range(datagrams):
        six = chooser.random() < 0.3
        found = pieces(chooser, six, chooser.choice((6, 17)), chooser.randint(1, 40),
                       chooser.randint(1024, 1100), chooser.randint(8, 1800), number)
        if chooser.random() < 0.2:
            found = [ipv4(41 if six else 4, 99, packet, number) for packet in found]
        if chooser.random() < 0.5:
            chooser.shuffle(found)
        if chooser.random() < 0.1:
            found.pop()  # perhaps the only one
        waiting.append(found)
        while len(waiting) > 12 or (number == datagrams - 1 and waiting):
            chosen = chooser.choice(waiting)
            if chosen:
                frames.append(ethernet(chosen.pop(0)))
            else:
                waiting.remove(chosen)
    return [(10**18 + i * 1_000_000, frame) for i, frame in enumerate(frames)]


def stored_packets(store):
    """(time, protocol, source port, destination port, payload length) of all packets of a store."""
    found = []
    for shard in json.loads((store / "manifest.json").read_text())["shards"]:
        content = (store / shard["file"]).read_bytes()

        def column(name, kind, rows):
            place = shard["columns"][name]
            values = array.array(kind)
            values.frombytes(content[place:place + rows * values.itemsize])
            return values
        packets, flows = shard["packets"], shard["flows"]
        times = column("/packet/time_ns", "q", packets)
        lengths = column("/packet/payload_length", "I", packets)
        directions = column("/packet/direction", "B", packets)
        begins = column("/flow/packets", "Q", flows + 1)
        ends = [column(f"/flow/{end}_port", "H", flows) for end in ("initiator", "responder")]
        protocols = column("/flow/protocol", "B", flows)
        for flow in range(flows):
            for i in range(begins[flow], begins[flow + 1]):
                backward = directions[i]
                found.append((times[i], protocols[flow], ends[backward][flow],
                              ends[1 - backward][flow], lengths[i]))
    return sorted(found)


def tshark_packets(capture):
    fields = ("frame.time_epoch", "udp.srcport", "udp.dstport", "udp.length", "tcp.srcport",
              "tcp.dstport", "tcp.len")
    words = ["tshark", "-n", "-r", capture, "-Y", "udp || tcp", "-T", "fields", "-E", "occurrence=l"]
    for field in fields:
        words += ["-e", field]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    found = []
    for line in done.stdout.splitlines():
        time, *udp_and_tcp = line.split("\t")
        seconds, fraction = time.split(".")
        udp, tcp = udp_and_tcp[:3], udp_and_tcp[3:]
        numbers = ((17, *map(int, udp[:2]), int(udp[2]) - 8) if udp[0] else (6, *map(int, tcp)))
        found.append((int(seconds) * 10**9 + int(fraction.ljust(9, "0")), *numbers))
    return sorted(found)


class Fragments(InScratch):
    @unittest.skipIf(shutil.which("tshark") is None, "tshark is not installed")
    def test_datagrams_are_those_of_tshark(self):
        capture = self.scratch / "a.pcap"
        capture.write_bytes(pcap(traffic()))
        store = self.scratch / "store"
        summary = tessera_json("preprocess", "--input", capture, "--store", store)
        found = stored_packets(store)
        self.assertEqual(found, tshark_packets(capture))
        self.assertEqual(len(found), summary["packets_kept"])
        dropped = summary["packets_dropped"]
        self.assertEqual(set(dropped), {"ip_fragment", "fragment_incomplete"})
        self.assertEqual(summary["packets_read"], len(found) + sum(dropped.values()))
        self.assertGreater(summary["tunnels"]["packets"]["6in4"], 10)
        self.assertGreater(summary["tunnels"]["packets"]["ip_in_ip"], 50)
        tessera("verify", store)

    def test_whoever_reads_which_piece_the_store_is_the_same(self):
        frames = traffic()
        for name, content in (("a.pcap", pcap(frames)), ("b.pcapng", pcapng(frames)),
                              ("c.pcap.gz", gzip.compress(pcap(frames)))):
            many = name == "a.pcap"
            capture = self.scratch / name
            capture.write_bytes(content)
            whole = tessera_json("preprocess", "--input", capture, "--share-bytes", 0, "--store",
                                 self.scratch / f"{name}-alone")
            stores = []
            ways = ((1, True), (3, True), (8, True), (5, False)) if many else ((1, True), (2, True))
            for ranks, memory in ways:
                store = self.scratch / f"{name}-{ranks}"
                summary = tessera_json("preprocess", "--input", capture, "--share-bytes", 20_000,
                                       "--store", store, *share_memory(memory), ranks=ranks)
                self.assertEqual(summary["packets_dropped"], whole["packets_dropped"])
                stores.append(tree(store))
            self.assertGreater(len(stores[0]), 5)
            for other in stores[1:]:
                self.assertEqual(other, stores[0])

    def test_without_memory_for_them_the_first_piece_stands_for_the_datagram(self):
        capture = self.scratch / "a.pcap"
        capture.write_bytes(pcap([(10**18 + i, ethernet(packet)) for i, packet in enumerate(
            ipv4(17, 1, segment(17, 5000, 92)[begin:begin + 40], 7, (begin < 80) << 13 | begin >> 3)
            for begin in (0, 40, 80))]))
        for memory, payload in ((0, 32), (4 << 20, 92)):
            store = self.scratch / str(memory)
            summary = tessera_json("preprocess", "--input", capture, "--fragment-memory", memory,
                                   "--store", store)
            self.assertEqual(summary["packets_dropped"], {"ip_fragment": 2})
            self.assertEqual(stored_packets(store)[0][4], payload)


if __name__ == "__main__":
    main()
