"""Flows are tshark's conversations but for the differences of tests/conversations/differences.csv."""
import csv
import shutil
import subprocess
import sys

from support import REPOSITORY, SHARED, SKIPPED, InScratch, main

COMPARE = REPOSITORY / "tests/conversations/compare.py"
PUBLIC = SHARED / "data/public"


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Conversations(InScratch):
    def setUp(self):
        super().setUp()
        self.kept = rows(REPOSITORY / "tests/conversations/differences.csv")

    def test_every_difference_has_a_reason(self):
        for row in self.kept:
            numbers = {name: int(value) for name, value in row.items() if name != "capture"}
            self.assertEqual(numbers["tshark"] - numbers["tessera"],
                             numbers["tcp_again"] + numbers["udp_again"] + numbers["tunnel_outside"], row)
            self.assertEqual(numbers["only_tessera"] + numbers["only_tshark"] + numbers["packets_differ"], 0)

    def test_a_sample_is_as_the_table_says(self):
        different = [row["capture"] for row in self.kept]
        with open(SHARED / "data/manifest_public.csv", newline="", encoding="utf-8") as table:
            sample = [row["path"] for row in csv.DictReader(table)][::45]
        table = self.scratch / "differences.csv"
        subprocess.run([sys.executable, COMPARE, PUBLIC, "--table", table, "--only",
                        *sorted({*different, *sample})], check=True, timeout=250)
        self.assertEqual(rows(table), self.kept)


if __name__ == "__main__":
    if shutil.which("tshark") is None:
        print("skipped: tshark is not installed")
        raise SystemExit(SKIPPED)
    main(module_needs_shared=True)
