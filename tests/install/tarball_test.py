"""The tarball with LibTorch inside: unpacked anywhere, it trains. Half a gigabyte, so only with ./tests/run.sh --all."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TESSERA_BUILD", REPOSITORY / "build"))
CLEAN = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "OMPI_ALLOW_RUN_AS_ROOT": "1",
         "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def run(*words, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=500, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Tarball(unittest.TestCase):
    def test_it_trains_where_it_was_unpacked(self):
        scratch = pathlib.Path(tempfile.mkdtemp(prefix="tessera-tarball-"))
        self.addCleanup(shutil.rmtree, scratch, ignore_errors=True)
        run("cpack", "-G", "TGZ", "--config", BUILD / "CPackConfig.cmake", "-B", scratch, cwd=BUILD)
        packed, = scratch.glob("*.tar.gz")
        print(f"  {packed.name}: {packed.stat().st_size / 1e6:.0f} MB", flush=True)
        run("tar", "-xf", packed, "-C", scratch)
        packed.unlink()
        program, = scratch.glob("*/bin/tessera")
        store, trained = scratch / "store", scratch / "run"
        run(program, "preprocess", "--input", REPOSITORY / "datasets/sample/run1/doh.pcap", "--store", store, env=CLEAN)
        run(program, "pretrain", "--store", store, "--run", trained, "--layers", "1", "--hidden", "32", "--heads", "1",
            "--feed-forward", "64", "--sequence-length", "32", "--train-iters", "2", env=CLEAN)
        self.assertTrue(json.loads(run(program, "inspect", trained, "--json", env=CLEAN))["done"])
        libraries = set()
        for line in run("ldd", program.with_name("tessera-pretrain")).splitlines():
            self.assertNotIn("not found", line)
            if line.split()[0].startswith(("libtorch", "libc10", "libgomp")):
                libraries.add(line.split(".")[0].strip())
                self.assertIn(str(scratch), line)
        self.assertGreaterEqual(libraries, {"libtorch_cpu", "libc10", "libgomp"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
