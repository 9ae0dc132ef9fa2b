"""--memory is kept, and the run goes on: floods of flows and of gaps, on one rank and on two."""
import struct
import unittest

import numpy

from support import InScratch, main, tessera_json

LIMIT = 128 << 20
PACKETS = 1_000_000


def records(clients, sequences, tcp):
    """pcap records of Ethernet, IPv4 and TCP with one byte, or UDP with none; one a microsecond."""
    header, payload = (20, 1) if tcp else (8, 0)
    size = 14 + 20 + header + payload
    rows = numpy.zeros((len(clients), 16 + size), dtype=numpy.uint8)

    def put(at, kind, values):
        values = numpy.broadcast_to(numpy.asarray(values).astype(kind), len(clients))
        rows[:, at:at + values.itemsize] = numpy.ascontiguousarray(values).view(numpy.uint8).reshape(len(clients), -1)

    put(0, "<u4", 1_700_000_000 + numpy.arange(len(clients)) // 1_000_000)
    put(4, "<u4", numpy.arange(len(clients)) % 1_000_000)
    put(8, "<u4", size)
    put(12, "<u4", size)
    put(28, ">u2", 0x0800)
    put(30, ">u2", 0x4500)
    put(32, ">u2", size - 14)
    put(38, ">u2", 0x4000 | (6 if tcp else 17))
    put(42, ">u4", clients)
    put(46, ">u4", 0xC0A80101)
    put(50, ">u2", 40_000)
    put(52, ">u2", 443)
    if tcp:
        put(54, ">u4", sequences)
        put(62, ">u2", 0x5018)
    else:
        put(54, ">u2", header)
    return rows.tobytes()


class Memory(InScratch):
    def peak(self, frames):
        capture = self.scratch / "flood.pcap"
        capture.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + frames)
        hashes = set()
        for ranks in (1, 2):
            store = self.scratch / f"store-{ranks}"
            said = tessera_json("preprocess", "--input", capture, "--store", store, "--memory", LIMIT,
                                "--share-bytes", 20_000_000, ranks=ranks)
            self.assertEqual(said["packets_kept"], PACKETS)
            self.assertLess(said["peak_memory_bytes"], LIMIT)
            print(f"  {ranks} ranks: {said['peak_memory_bytes'] >> 20} MiB of {LIMIT >> 20}", flush=True)
            hashes.add((store / "manifest.json").read_bytes())
        self.assertEqual(len(hashes), 1)
        return said

    def test_flows_of_one_packet(self):
        said = self.peak(records(0x0A000000 + numpy.arange(PACKETS), 0, tcp=False))
        self.assertEqual(said["flows"], PACKETS)
        self.assertGreater(said["flow_ends"]["evicted"], PACKETS // 2)

    def test_a_stream_in_which_every_second_byte_is_missing(self):
        said = self.peak(records(numpy.full(PACKETS, 0x0A000001), 2 * numpy.arange(PACKETS), tcp=True))
        self.assertEqual(said["packets_kept"], PACKETS)


if __name__ == "__main__":
    main()
