"""tessera doctor as a user runs it: a healthy node, and faults made on purpose."""
import json
import resource
import subprocess

from support import ENVIRONMENT, InScratch, command, main, tessera, tessera_json

LEVELS = {"ok", "note", "warning", "fault"}


def findings(text, level):
    return {one["check"]: one["cause"] for one in json.loads(text)["findings"] if one["level"] == level}


class Doctor(InScratch):
    def faults(self, *words, environment=None, **options):
        """The faults that are found, with exit code 4."""
        folder = () if "--folder" in words else ("--folder", self.scratch)
        done = subprocess.run(command("doctor", *folder, "--json", *words), text=True,
                              env={**ENVIRONMENT, **(environment or {})}, capture_output=True, timeout=60, **options)
        self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
        self.assertFalse(json.loads(done.stdout)["ok"])
        return findings(done.stdout, "fault")

    def test_a_healthy_node(self):
        for ranks in (1, 2):
            told = tessera_json("doctor", "--folder", self.scratch, "--need-bytes", "1000", ranks=ranks)
            self.assertTrue(told["ok"])
            self.assertEqual(len(told["links"]), ranks - 1)
            for one in told["findings"]:
                self.assertEqual(set(one), {"check", "level", "cause", "remedy"})
                self.assertIn(one["level"], LEVELS - {"fault"})
                if one["level"] == "warning":
                    self.assertTrue(one["remedy"])
        self.assertEqual(list(self.scratch.iterdir()), [])
        lines, _ = tessera("doctor", "--folder", self.scratch, "--need-bytes", "1000")
        self.assertEqual(len(lines.splitlines()), len(told["findings"]) - 2)  # no clock, no links alone

    def test_a_folder_that_cannot_be_written(self):
        self.assertIn("folder", self.faults("--folder", "/proc"))

    def test_a_folder_without_room(self):
        self.assertIn("space", self.faults("--need-bytes", str(2**60)))

    def test_few_open_files(self):
        def lower():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        self.assertIn("64 open files", self.faults(preexec_fn=lower)["limits"])

    def test_small_files_only(self):
        def lower():
            resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
        self.assertIn("files of at most", self.faults(preexec_fn=lower)["limits"])

    def test_processes_that_do_not_see_each_other(self):
        for variable in ("SLURM_STEP_NUM_TASKS", "PMI_SIZE"):
            told = self.faults(environment={variable: "4"})
            self.assertIn("one of 4 processes", told["mpi"])

    def test_files_that_cannot_be_locked(self):
        refuse = self.compiled("int flock(int f, int how) { (void)f; (void)how; errno = ENOLCK; return -1; }")
        environment = {"LD_PRELOAD": str(refuse)}
        self.assertIn("locking", self.faults(environment=environment))
        done = subprocess.run(command("doctor", "--folder", self.scratch, "--need-bytes", "1000", "--json"), text=True,
                              capture_output=True, timeout=60,
                              env={**ENVIRONMENT, **environment, "HDF5_USE_FILE_LOCKING": "FALSE"})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("locking", findings(done.stdout, "warning"))

    def test_a_second_mpi_in_the_process(self):
        other = self.compiled("int unused_name_of_a_second_mpi(void) { return errno; }", name="libmpi.so.12")
        self.assertIn("copies of libmpi", self.faults(environment={"LD_PRELOAD": str(other)})["libraries"])

    def test_a_peer_that_does_not_answer(self):
        """One of two ranks stops for good: the other says which check waits, and ends."""
        stop = self.compiled(
            "__attribute__((constructor)) static void stop(void) { const char* r = "
            "getenv(\"OMPI_COMM_WORLD_RANK\"); if (r && r[0] == '1') real = 1; }\n"
            "int MPI_Barrier(void* comm) { extern int PMPI_Barrier(void*); "
            "while (real) pause(); return PMPI_Barrier(comm); }")
        done = subprocess.run(command("doctor", "--folder", self.scratch, "--need-bytes", "1000",
                                      "--limit-seconds", "3", ranks=2), text=True, capture_output=True,
                              timeout=60, env={**ENVIRONMENT, "LD_PRELOAD": str(stop)})
        self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
        self.assertIn("check 'links' did not end in 3 s", done.stderr)

    def compiled(self, source, name="provoke.so"):
        """A library to put between the program and the system."""
        if "sanitize=address" in tessera_json("version")["flags"]:
            self.skipTest("a sanitizer wants to be the first library of the process")
        library = self.scratch.parent / f"{self.scratch.name}-lib" / name
        library.parent.mkdir(exist_ok=True)
        self.addCleanup(subprocess.run, ["rm", "-r", str(library.parent)], check=True)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), "-x", "c", "-"], text=True, check=True,
                       input="#include <errno.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
                             "static int real;\nint unused_reader(void) { return real; }\n" + source)
        return library


if __name__ == "__main__":
    main()
