"""Capture files of given frames, (time in ns, bytes), written apart from the programs that read them."""
import struct


def pcap(frames):
    content = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
    for time, frame in frames:
        content += struct.pack("<IIII", time // 10**9, time % 10**9, len(frame), len(frame)) + frame
    return content


def pcapng(frames):
    def block(kind, body):
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
    content = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    content += block(1, struct.pack("<HHI", 1, 0, 0) + struct.pack("<HHBxxxHH", 9, 1, 9, 0, 0))
    for time, frame in frames:
        content += block(6, struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(frame),
                                        len(frame)) + frame)
    return content
