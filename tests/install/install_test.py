"""The installed tree: it runs after it was moved, another project builds against it, its manual pages and its
completion tell the options there are, and the Debian package holds what needs no LibTorch."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TESSERA_BUILD", REPOSITORY / "build"))
CAPTURE = REPOSITORY / "datasets/sample/run1/doh.pcap"
HAS_TORCH = (BUILD / "bin/tessera-pretrain").exists()


def run(*words, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = pathlib.Path(tempfile.mkdtemp(prefix="tessera-install-"))
        cls.addClassCleanup(shutil.rmtree, cls.scratch, ignore_errors=True)
        run("cmake", "--install", BUILD, "--prefix", cls.scratch / "first place", "--strip")
        cls.tree = cls.scratch / "moved"
        (cls.scratch / "first place").rename(cls.tree)

    def test_programs_run_where_the_tree_was_moved(self):
        program = self.tree / "bin/tessera"
        self.assertIn("revision", json.loads(run(program, "version", "--json")))
        kept = json.loads(run(program, "inspect", CAPTURE, "--json"))["packets_kept"]
        self.assertGreater(kept, 0)
        needed = run("ldd", self.tree / "bin/tessera-pretrain") if HAS_TORCH else ""
        self.assertNotIn("not found", needed)
        for line in needed.splitlines():
            if "libtorch" in line or "libc10" in line:
                self.assertIn(str(self.tree), line)  # its own, not the one that it was built with
        if HAS_TORCH:
            self.assertIn("train_iters", run(program, "pretrain", "--print-config"))

    def test_job_scripts_find_the_programs(self):
        printed = run(self.tree / "share/tessera/jobs/submit-pipeline.sh", "--dry-run",
                      env={**os.environ, "CAPTURES": "x", "TASKS": "y"})
        self.assertEqual(printed.count("sbatch --parsable"), 4)
        home = self.tree / "share/tessera"
        found = run("bash", "-c", f". '{home}/jobs/job.sh' && echo ${{tessera[0]}}",
                    env={"PATH": "/usr/bin:/bin", "TESSERA_HOME": str(home)})
        self.assertEqual(pathlib.Path(found.strip()).resolve(), self.tree / "bin/tessera")

    def test_another_project_builds_against_it(self):
        folder = self.scratch / "consumer"
        run("cmake", "-S", REPOSITORY / "tests/install/consumer", "-B", folder,
            f"-DCMAKE_PREFIX_PATH={self.tree}")
        run("cmake", "--build", folder)
        kept = json.loads(run(self.tree / "bin/tessera", "inspect", CAPTURE, "--json"))["packets_kept"]
        self.assertEqual(int(run(folder / "count_packets", CAPTURE)), kept)
        targets = (self.tree / "lib/cmake/tessera/tesseraTargets.cmake").read_text(encoding="utf-8")
        self.assertNotIn(str(REPOSITORY), targets)

    def test_manual_pages_and_completion_tell_the_options(self):
        page = self.tree / "share/man/man1/tessera-preprocess.1"
        text = page.read_text(encoding="utf-8")
        self.assertIn(r"\fB\-\-masking\fR", text)
        self.assertIn("TESSERA_PREPROCESS_STORE", text)
        if shutil.which("man"):
            self.assertEqual(run("man", "--warnings", "-l", page, env={**os.environ, "MANWIDTH": "80"}).count("NAME"), 1)
        completion = self.tree / "share/bash-completion/completions/tessera"

        def completed(*words):
            line = " ".join(f"'{word}'" for word in words)
            return run("bash", "-c", f". {completion}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _tessera; "
                                     "printf '%s\\n' \"${COMPREPLY[@]}\"",
                       env={**os.environ, "PATH": f"{self.tree}/bin:{os.environ['PATH']}"}).split()
        self.assertIn("preprocess", completed("tessera", "pre"))
        self.assertIn("--store", completed("tessera", "preprocess", "--st"))
        self.assertEqual(completed("tessera", "split", "store", "--by", "cap"), ["capture"])

    def test_the_debian_package(self):
        if not shutil.which("dpkg-shlibdeps"):
            self.skipTest("dpkg-dev is not installed")
        run("cpack", "-G", "DEB", "--config", BUILD / "CPackConfig.cmake", "-B", self.scratch, cwd=BUILD)
        package, = self.scratch.glob("*.deb")
        root = self.scratch / "root"
        run("dpkg-deb", "-x", package, root)
        self.assertIn("revision", json.loads(run(root / "usr/bin/tessera", "version", "--json")))
        names = {path.name for path in (root / "usr/bin").iterdir()}
        self.assertIn("tessera-preprocess", names)
        self.assertNotIn("tessera-pretrain", names)
        self.assertFalse(list(root.rglob("libtorch*")))
        self.assertRegex(run("dpkg-deb", "-f", package, "Depends"), "libhdf5-openmpi-[0-9]")


if __name__ == "__main__":
    unittest.main(verbosity=2)
