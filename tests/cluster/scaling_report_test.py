"""jobs/scaling_report.py on numbers that can be checked by hand."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

REPORT = pathlib.Path(__file__).resolve().parents[2] / "jobs/scaling_report.py"


def rows(*words):
    printed = subprocess.run([sys.executable, REPORT, *words], capture_output=True, text=True, check=True).stdout
    return {int(line.split()[0]): line.split(maxsplit=5) for line in printed.splitlines() if line.split()[0].isdigit()}


class Report(unittest.TestCase):
    def test_training(self):
        with tempfile.TemporaryDirectory() as folder:
            scaling, doctor = pathlib.Path(folder) / "scaling.csv", pathlib.Path(folder) / "doctor.json"
            scaling.write_text("ranks,sequences_per_second,efficiency\n1,8,1\n2,10,0.6\n", encoding="utf-8")
            links = [{"ranks": [0, 1], "latency_seconds": 0, "bytes_per_second": 4e8},
                     {"ranks": [0, 2], "latency_seconds": 0, "bytes_per_second": 2e8}]
            doctor.write_text(json.dumps({"links": links}), encoding="utf-8")
            table = rows("--scaling", scaling, "--doctor", doctor, "--parameters", "5e6", "--global-batch-size", "8",
                         "--micro-batch-size", "1")
        # One rank: 8 sequences in 1 s. An exchange of 20 MB over the slowest link, 200 MB/s: 0.1 s.
        self.assertEqual(table[1][1:5], ["8", "8", "1", "0"])
        self.assertEqual(table[2][1:5], ["10", "13.33", "0.5", "0.1"])   # 8 / (0.5 + 0.1)
        self.assertEqual(table[4][1:5], ["-", "17.78", "0.25", "0.2"])   # 8 / (0.25 + 2 x 0.1)
        self.assertEqual(table[8][1:], ["-", "18.82", "0.125", "0.3", "the links"])
        self.assertIn("no work for more than 8 ranks", table[16][5])
        self.assertEqual(max(table), 1024)

    def test_preprocessing(self):
        table = rows("--captures", "100", "--bytes", "3.6e12", "--rank-rate", "1e8", "--file-system-rate", "2e9")
        # 36 GB a file: 0.1 h a rank. The file system: 0.5 h for all of it.
        self.assertEqual(table[1][1:], ["10", "the", "ranks"])
        self.assertEqual(table[16][1:], ["0.7", "the", "ranks"])      # 7 files for the busiest
        self.assertEqual(table[1024][1:], ["0.5", "the", "file", "system"])

    def test_too_little_is_said(self):
        done = subprocess.run([sys.executable, REPORT, "--captures", "3"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("give all of", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
