"""What the end-to-end tests share: running the programs as a user does, and where things lie."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("TESSERA_PROGRAMS", REPOSITORY / "build/bin"))
SAMPLE = REPOSITORY / "datasets/sample"
SHARED = pathlib.Path(os.environ.get("TESSERA_SHARED", REPOSITORY.parent / "shared"))
SKIPPED = 77  # CTest's SKIP_RETURN_CODE

ENVIRONMENT = {
    **os.environ,
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_mpi_yield_when_idle": "1",
    "OMP_NUM_THREADS": "1",
}


def share_memory(wanted):
    """Ranks read one capture through memory that they share, or send each other packets."""
    return ("--share-memory",) if wanted else ("--no-share-memory",)


def command(*words, ranks=1):
    """The command line of `tessera ..` on so many ranks (one: without a launcher)."""
    line = [str(PROGRAMS / "tessera"), *map(str, words)]
    if ranks > 1:
        line = ["mpirun", "-n", str(ranks), "--oversubscribe", "--bind-to", "none", *line]
    return line


def tessera(*words, ranks=1, expect=0, timeout=300, **options):
    """Runs a command, checks its exit code, gives (standard output, standard error)."""
    done = subprocess.run(command(*words, ranks=ranks), capture_output=True, text=True,
                          timeout=timeout, env=ENVIRONMENT, errors="replace", **options)
    if done.returncode != expect:
        raise AssertionError(f"tessera {' '.join(map(str, words))} on {ranks} ranks: exit code "
                             f"{done.returncode}, expected {expect}\n{done.stdout}\n{done.stderr}")
    return done.stdout, done.stderr


def tessera_json(*words, **options):
    return json.loads(tessera(*words, "--json", **options)[0])


def tree(folder):
    """{path below the folder: bytes}, to compare two artefacts byte for byte."""
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(pathlib.Path(folder).rglob("*"))
            if path.is_file() and path.name != ".lock"}


class InScratch(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        self.scratch = self.folder()

    def folder(self):
        """A new folder that goes with the test, or with the tests of a class."""
        clean = self.addClassCleanup if isinstance(self, type) else self.addCleanup
        made = pathlib.Path(tempfile.mkdtemp(prefix="tessera-end-to-end-"))
        clean(shutil.rmtree, made, ignore_errors=True)
        return made


def main(module_needs_shared=False):
    """unittest's main, with CTest's word for a test that cannot run here."""
    if module_needs_shared and not (SHARED / "data").is_dir():
        print("skipped: no shared captures here (set TESSERA_SHARED)")
        raise SystemExit(SKIPPED)
    unittest.main(verbosity=2)
