"""Prints the scalars of a TensorBoard event file, one `step tag value` a line.

An independent reader of TFRecord frames and tensorflow.Event messages: any wrong length, checksum or
field ends it with an error.
"""

import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    while data:
        head, data = data[:12], data[12:]
        (length,), (crc,) = struct.unpack("<Q", head[:8]), struct.unpack("<I", head[8:])
        assert masked(head[:8]) == crc, "checksum of a length"
        body, data = data[:length], data[length:]
        (crc,), data = struct.unpack("<I", data[:4]), data[4:]
        assert masked(body) == crc, "checksum of a record"
        yield body


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 1:
            (value,), at = struct.unpack_from("<d", data, at), at + 8
        elif tag & 7 == 5:
            (value,), at = struct.unpack_from("<f", data, at), at + 4
        else:
            assert tag & 7 == 2, "wire type"
            length, at = varint(data, at)
            value, at = data[at : at + length], at + length
        yield tag >> 3, value


def main(path):
    with open(path, "rb") as file:
        messages = list(records(file.read()))
    first = dict(fields(messages[0]))
    assert first[3] == b"brain.Event:2", "file version"
    for message in messages[1:]:
        event = dict(fields(message))
        for number, value in fields(event[5]):
            assert number == 1, "summary field"
            scalar = dict(fields(value))
            print(event[2], event[1], scalar[1].decode(), scalar[2])


main(sys.argv[1])
