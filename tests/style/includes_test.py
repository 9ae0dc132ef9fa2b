#!/usr/bin/env python3
"""Includes point down: a source of a stage may include only headers of stages that the stage table
(src/CMakeLists.txt) names below it, and C library headers are met in one stage each.

Usage: includes_test.py REPOSITORY; prints one line a fault, exit 1 when there is any.
"""
import pathlib
import re
import sys

# Library header (as a pattern of its first path part) -> the only stages that may include it.
EDGES = {
    r"mpi\.h": {"comm"},
    r"hdf5\.h": {"hdf5"},
    r"pcap(/.*|\.h)": {"capture"},
    r"nccl\.h": {"device"},
    r"cuda_runtime.*": {"device"},
    r"xgboost/.*": {"baseline"},
    r"toml\+\+/.*": {"base", "dataset"},
    r"CLI/.*": {"apps"},
}
TORCH = re.compile(r"^(torch|ATen|c10|caffe2)/")


def stage_table(text):
    """{stage: (floor, names of lower stages, uses LibTorch)} from the tessera_stage() lines."""
    stages = {}
    for call in re.findall(r"tessera_stage\(([^)]*)\)", text):
        words = call.split()
        depends = []
        if "DEPENDS" in words:
            for word in words[words.index("DEPENDS") + 1:]:
                if word.isupper():
                    break
                depends.append(word)
        stages[words[0]] = (int(words[words.index("FLOOR") + 1]), depends, "TORCH" in words)
    return stages


def faults_of(path, stage, stages):
    floor, depends, torch = stages[stage]
    allowed = {stage, "base", *depends}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if not match:
            continue
        header = match.group(1)
        own = re.match(r"tessera/([a-z0-9_]+)/", header)
        if own and own.group(1) not in allowed:
            yield f"{path}:{number}: stage {stage} may not include {header}: not named below it"
        elif "../" in header:
            yield f"{path}:{number}: {header} leaves its stage"
        elif TORCH.match(header) and not torch:
            yield f"{path}:{number}: stage {stage} is free of LibTorch, but includes {header}"
        for pattern, owners in EDGES.items():
            if re.fullmatch(pattern, header) and stage not in owners:
                yield f"{path}:{number}: {header} belongs to stage {', '.join(sorted(owners))}"


def main():
    root = pathlib.Path(sys.argv[1])
    stages = stage_table((root / "src/CMakeLists.txt").read_text(encoding="utf-8"))
    faults, files = [], 0
    for stage in stages:
        for folder in (root / "src" / stage, root / "include/tessera" / stage):
            for path in sorted(folder.glob("*.[ch]pp")):
                files += 1
                faults += faults_of(path, stage, stages)
    for path in sorted((root / "include").rglob("*.hpp")):
        if re.search(r"#\s*include\s*<(mpi|hdf5|pcap|nccl)", path.read_text(encoding="utf-8")):
            faults.append(f"{path}: a C library header in a public header")
    for fault in faults:
        print(fault)
    print(f"{files} files of {len(stages)} stages read, {len(faults)} faults")
    if files < 50:
        print("too few files read: is this the repository?")
    return 1 if faults or files < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
