"""--memory is kept, and the run goes on: floods of flows and of gaps, on one rank and on two."""
import struct
import unittest
from itertools import repeat

from support import InScratch, main, tessera_json

LIMIT = 160 << 20
PACKETS = 1_000_000


def records(clients, sequences):
    """pcap records of Ethernet, IPv4 and TCP with one byte of payload, one a microsecond."""
    size = 14 + 20 + 20 + 1
    pieces = []
    for i, (client, sequence) in enumerate(zip(clients, sequences)):
        pieces.append(struct.pack("<IIII", 1_700_000_000 + i // 1_000_000, i % 1_000_000, size, size))
        pieces.append(struct.pack(">12xHBBHHHBBHIIHHIIHHHHx", 0x0800, 0x45, 0, size - 14, 0, 0, 64, 6, 0, client,
                                  0xC0A80101, 40_000, 443, sequence, 0, 0x5018, 0, 0, 0))
    return b"".join(pieces)


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
        said = self.peak(records(range(0x0A000000, 0x0A000000 + PACKETS), repeat(0)))
        self.assertEqual(said["flows"], PACKETS)
        self.assertGreater(said["flow_ends"]["evicted"], PACKETS // 2)

    def test_a_stream_in_which_every_second_byte_is_missing(self):
        said = self.peak(records(repeat(0x0A000001), range(0, 2 * PACKETS, 2)))
        self.assertEqual(said["packets_kept"], PACKETS)


if __name__ == "__main__":
    main()
