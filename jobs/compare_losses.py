#!/usr/bin/env python3
"""Compares the training losses of two runs, step by step.

Usage: jobs/compare_losses.py RUN RUN [--tolerance X]
Prints the largest relative difference. Exit codes: 0 within the tolerance, 1 not, 2 nothing to compare.
"""
import argparse
import json
import pathlib
import sys


def losses(run):
    lines = pathlib.Path(run, "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return {row["step"]: row["loss"] for row in rows if row["split"] == "train" and "loss" in row}


def main():
    parser = argparse.ArgumentParser(description="Compares the training losses of two runs.")
    parser.add_argument("runs", nargs=2)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    options = parser.parse_args()
    one, other = map(losses, options.runs)
    steps = sorted(one.keys() & other.keys())
    if not steps:
        print("compare_losses: the runs have no step in common", file=sys.stderr)
        return 2
    differences = {step: abs(one[step] - other[step]) / abs(one[step]) for step in steps}
    worst = max(differences, key=differences.get)
    names = " and ".join(pathlib.Path(run).name for run in options.runs)
    right = differences[worst] <= options.tolerance
    print(f"{names}: losses of {len(steps)} steps differ by at most {differences[worst]:.2e} (step {worst}), "
          f"{'within' if right else 'NOT within'} {options.tolerance:g}")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
