#!/usr/bin/env python3
"""Flows beside tshark's conversations (`tshark -z conv,tcp -z conv,udp`), capture by capture.

compare.py FOLDER [--only PATHS] [--table differences.csv]: preprocesses the captures of the folder with
time-outs and limits off, counts, and prints (or writes) a row for each capture that differs: how many, and why.
No address and no content of a capture is written. The table kept here, differences.csv, is that of the 897
public captures; README.md explains its columns."""
import argparse
import array
import collections
import csv
import ipaddress
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PROGRAMS = pathlib.Path(os.environ.get("TESSERA_PROGRAMS",
                                       pathlib.Path(__file__).resolve().parents[2] / "build/bin"))
COLUMNS = ("capture", "tessera", "tshark", "tcp_again", "udp_again", "tunnel_outside", "only_tessera",
           "only_tshark", "packets_differ", "timed_out")
ENDLESS = ("--idle-timeout", "0", "--active-timeout", "0", "--max-flow-packets", "0")
LINE = re.compile(r"^(\S+):(\d+) +<-> (\S+):(\d+) +(\d+) \S+ \S+ +(\d+) \S+ \S+ +(\d+) ")


def address(text):
    """16 bytes, IPv4 mapped."""
    parsed = ipaddress.ip_address(text.split("%")[0])
    return parsed.packed if parsed.version == 6 else bytes(10) + b"\xff\xff" + parsed.packed


def key(protocol, a, b):
    return (protocol, *sorted((a, b)))


def conversations(capture):
    """{5-tuple: [packets of each conversation]} as tshark tells them apart."""
    done = subprocess.run(["tshark", "-n", "-q", "-r", capture, "-z", "conv,tcp", "-z", "conv,udp"],
                          capture_output=True, text=True, timeout=300, check=True, errors="replace")
    found, protocol = collections.defaultdict(list), 0
    for line in done.stdout.splitlines():
        protocol = {"TCP Conversations": 6, "UDP Conversations": 17}.get(line, protocol)
        if match := LINE.match(line):
            ends = [(address(match[i]), int(match[i + 1])) for i in (1, 3)]
            found[key(protocol, *ends)].append(int(match[7]))
    return found


def preprocess(captures, store, *options):
    names = pathlib.Path(f"{store}.list")
    names.write_text("".join(f"{capture}\n" for capture in captures))
    done = subprocess.run([PROGRAMS / "tessera-preprocess", "--input", f"@{names}", "--store", store,
                           "--progress", "none", *options], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3):
        raise SystemExit(done.stderr)


def flows(store):
    """{capture: {5-tuple: [packets of each flow]}}."""
    manifest = json.loads((store / "manifest.json").read_text())
    found = {entry["path"]: collections.defaultdict(list) for entry in manifest["captures"]}
    for shard in manifest["shards"]:
        content = (store / shard["file"]).read_bytes()
        count = shard["flows"]

        def column(name, kind, rows):
            values = array.array(kind)
            place = shard["columns"][name]
            values.frombytes(content[place:place + rows * values.itemsize])
            return values
        numbers = {name: column(f"/flow/{name}", kind, count)
                   for name, kind in (("capture", "I"), ("protocol", "B"), ("initiator_port", "H"),
                                      ("responder_port", "H"))}
        ends = [shard["columns"][f"/flow/{side}_address"] for side in ("initiator", "responder")]
        packets = column("/flow/packets", "Q", count + 1)
        for i in range(count):
            hosts = [content[begin + 16 * i:begin + 16 * (i + 1)] for begin in ends]
            capture = manifest["captures"][shard["first_capture"] + numbers["capture"][i]]["path"]
            tuple5 = key(numbers["protocol"][i], (hosts[0], numbers["initiator_port"][i]),
                         (hosts[1], numbers["responder_port"][i]))
            found[capture][tuple5].append(packets[i + 1] - packets[i])
    return found


def row(capture, ours, outside, timed, theirs):
    """Counts of a capture; all columns but the first are numbers."""
    missing = [each for each in theirs if each not in ours]
    around = sum(each in outside for each in missing)
    return dict(zip(COLUMNS, (
        capture, sum(map(len, ours.values())), sum(map(len, theirs.values())),
        *(sum(len(packets) - 1 for each, packets in theirs.items() if each[0] == protocol)
          for protocol in (6, 17)), around,
        sum(each not in theirs for each in ours), len(missing) - around,
        sum(sum(ours[each]) != sum(packets) for each, packets in theirs.items() if each in ours),
        sum(map(len, timed.values())) - sum(map(len, ours.values())))))


def differs(counts):
    return (counts["tessera"] != counts["tshark"] or counts["packets_differ"] or counts["only_tessera"]
            or counts["only_tshark"])


def compare(folder, captures):
    """A row for each capture."""
    with tempfile.TemporaryDirectory(prefix="tessera-conversations-") as scratch:
        stores = []
        for number, options in enumerate((ENDLESS, (*ENDLESS, "--tunnels", "outer"), ())):
            store = pathlib.Path(scratch) / str(number)
            preprocess([folder / capture for capture in captures], store, *options)
            stores.append(flows(store))
        for capture in captures:
            path = str(folder / capture)
            yield row(capture, *(store[path] for store in stores), conversations(path))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", nargs="+", help="captures below the folder; default: all")
    parser.add_argument("--table", type=pathlib.Path, help="file to write the rows that differ into")
    given = parser.parse_args()
    captures = given.only or sorted(str(path.relative_to(given.folder)) for path in given.folder.rglob("*")
                                    if path.is_file() and path.name != "SHA256SUMS")
    different, timed = [], 0
    with open(given.table or os.devnull, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        for counts in compare(given.folder, captures):
            timed += counts["timed_out"] > 0
            if not differs(counts):
                continue
            different.append(counts)
            table.writerow(counts)
            print(*counts.values(), sep=",")
    print(f"{len(captures)} captures, {len(different)} differ; time-outs cut flows of {timed}", file=sys.stderr)


if __name__ == "__main__":
    main()
