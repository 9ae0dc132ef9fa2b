"""A disk that fills, for real: a small tmpfs in a mount namespace of its own. Preprocessing stops on every
rank with a line that says path and bytes, publishes nothing half, and finishes once there is room."""
import shlex
import subprocess

from support import ENVIRONMENT, SAMPLE, SKIPPED, InScratch, command, main, tessera, tree

# With room for nothing, for the job's name, for a part of the shards, for all but the end.
SIZES = ("4k", "64k", "400k", "900k", "1400k")


def in_small_disk(disk, size, script):
    """Runs a shell script where `disk` is a file system of that size, seen by nobody else."""
    mount = f"mount -t tmpfs -o size={size} none {shlex.quote(str(disk))}"
    return subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                           f"{mount} && {script}"], capture_output=True, text=True, timeout=300,
                          env=ENVIRONMENT, check=False)


class FullDisk(InScratch):
    def setUp(self):
        super().setUp()
        self.disk = self.scratch / "disk"
        self.disk.mkdir()

    def fill_and_finish(self, words, ranks):
        tessera("preprocess", *words, "--store", self.scratch / f"whole-{ranks}", ranks=ranks)
        whole = tree(self.scratch / f"whole-{ranks}")
        stopped = 0
        for size in SIZES:
            copy = self.scratch / f"copy-{size}-{ranks}"
            run = shlex.join(command("preprocess", *words, "--store", self.disk / "store",
                                     ranks=ranks))
            done = in_small_disk(
                self.disk, size,
                f"{run}; echo code $?; test -e {self.disk}/store && echo published;"
                f"mount -o remount,size=100m {self.disk};"
                f"test -e {self.disk}/store || {run} && cp -r {self.disk}/store {copy}")
            with self.subTest(size=size, ranks=ranks):
                self.assertEqual(tree(copy), whole, done.stdout + done.stderr)
                if "code 0" in done.stdout:
                    continue
                stopped += 1
                self.assertIn("code 4", done.stdout, done.stderr)
                self.assertNotIn("published", done.stdout)
                self.assertRegex(done.stderr, rf"{self.disk}/store.*(bytes needed|No space left)")
        self.assertGreater(stopped, 2, "choose smaller disks")

    def test_captures_of_one_rank_each(self):
        self.fill_and_finish(("--input", SAMPLE / "run1", SAMPLE / "run2"), 2)

    def test_a_capture_shared_by_the_ranks(self):
        largest = max(SAMPLE.glob("run1/*.pcap"), key=lambda path: path.stat().st_size)
        for ranks in (1, 2):
            self.fill_and_finish(("--input", largest, "--share-bytes", 20_000), ranks)


if __name__ == "__main__":
    probe = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "true"],
                           capture_output=True, check=False)
    if probe.returncode != 0:
        print("skipped: no mount namespaces here")
        raise SystemExit(SKIPPED)
    main()
