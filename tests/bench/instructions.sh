#!/usr/bin/env bash
# instructions.sh [PROGRAMS] [CAPTURES]: instructions that one packet costs in preprocessing, by callgrind:
# from the reader to the columns of the shard, by stage (each with what it calls). A machine's speed does not
# show in it, a change of the code does: compare with instructions.txt beside this script.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
programs=${1:-$here/../../build/bin}
captures=${2:-$here/../../datasets/sample/run1}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
packets=$(valgrind --tool=callgrind --callgrind-out-file="$scratch/out" --collect-atstart=no \
    --toggle-collect='tessera::preprocess::UnitWorker::read(*' \
    "$programs/tessera-preprocess" --input "$captures" --store "$scratch/store" --json --progress none \
    2> "$scratch/log" | python3 -c 'import json, sys; print(json.load(sys.stdin)["packets_read"])')
echo "instructions a packet, $packets packets of $(basename "$captures")"
callgrind_annotate --inclusive=yes --threshold=99.9 "$scratch/out" | python3 -c '
import re, sys
packets = int(sys.argv[1])
stages = {"UnitWorker::read(": "all", "PcapReader::next(": "read", "packet::decode(": "decode",
          "PacketCutter::cut(": "cut and mask", "FlowTable::add(": "flow table, with the flows that it closes",
          "ShardWriter::add(": "tokens and columns"}
found = {}
for line in sys.stdin:
    match = re.match(r"\s*([\d,]+)", line)
    for name, stage in stages.items():
        if match and name in line:
            found.setdefault(stage, int(match[1].replace(",", "")))
for stage in stages.values():
    if stage in found:
        print(f"{found[stage] / packets:8.1f}  {stage}")
' "$packets"
