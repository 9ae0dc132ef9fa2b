"""The CPU image: built by real Apptainer from the shipped definition and a local Debian, and the whole pipeline in
it, by the shipped job scripts, on four Slurm nodes. Minutes, so only with ./tests/run.sh --all."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cluster"))
import apptainer_tree  # noqa: E402
from cluster_case import JOBS, REPOSITORY, SAMPLE, SKIPPED, OnCluster, main  # noqa: E402

BUILD = pathlib.Path(os.environ.get("TESSERA_BUILD", REPOSITORY / "build"))
TREES = pathlib.Path(os.environ.get("TESSERA_APPTAINER", BUILD / "apptainer"))


class Container(OnCluster):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tree, cls.base = TREES / "sid", TREES / "base"
        began = time.monotonic()
        if not cls.tree.exists():
            apptainer_tree.make(cls.tree)
        if not cls.base.exists():
            apptainer_tree.base(cls.base)
        subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.folder / "tree", "--strip"], check=True,
                       stdout=subprocess.DEVNULL)
        apptainer_tree.sources(cls.folder / "repository")
        shutil.copytree(cls.base, cls.folder / "base", symlinks=True)
        shutil.copytree(SAMPLE, cls.folder / "sample")
        print(f"  trees: {time.monotonic() - began:.0f} s", flush=True)
        began = time.monotonic()
        cls.image = cls.folder / "tessera.sif"
        cls.built = cls.inside("bash", "-c", f"cd {cls.folder}/repository && exec apptainer build "
                               f"--build-arg BOOTSTRAP=localimage --build-arg FROM={cls.folder}/base "
                               f"--build-arg TREE={cls.folder}/tree {cls.image} containers/cpu.def")
        size = cls.image.stat().st_size / 1e6
        print(f"  image: {time.monotonic() - began:.0f} s, {size:.0f} MB", flush=True)

    @classmethod
    def inside(cls, *words, expect=0):
        done = subprocess.run([sys.executable, HERE / "apptainer_tree.py", "run", cls.tree, cls.folder, *map(str, words)],
                              capture_output=True, text=True, timeout=500)
        if done.returncode != expect:
            raise AssertionError(f"{words}: exit code {done.returncode}\n{done.stdout[-5000:]}{done.stderr[-5000:]}")
        return done.stdout + done.stderr

    def test_its_own_test_ran_and_its_labels_tell_versions(self):
        self.assertIn("Open MPI", self.built)  # the last line of %test
        labels = json.loads(self.inside("apptainer", "inspect", "--json", "--labels", self.image))
        labels = labels["data"]["attributes"]["labels"]
        self.assertEqual(labels["tessera.libtorch"], "2.10.0")
        self.assertRegex(labels["tessera.openmpi"], r"^4\.")
        self.assertRegex(labels["tessera.pmix"], r"^4\.")

    def test_the_root_is_read_only(self):
        said = self.inside("apptainer", "-q", "exec", "--containall", self.image, "touch", "/opt/tessera/x", expect=1)
        self.assertIn("Read-only file system", said)
        self.assertIn("tessera 0", self.inside("apptainer", "-q", "run", "--containall", self.image, "version"))

    def test_the_pipeline_on_four_nodes(self):
        site = self.folder / "site.sh"
        site.write_text(f"tessera=({sys.executable} {HERE}/apptainer_tree.py run {self.tree} {self.folder} "
                        f"apptainer -q exec --bind {self.folder} {self.image} tessera)\n", encoding="utf-8")
        sample = self.folder / "sample"
        printed = self.cluster.run(
            JOBS / "submit-pipeline.sh", "--", "--nodes=4", "--ntasks-per-node=1", "--time=20",
            CAPTURES=str(sample), LABELS=str(sample / "labels.toml"), SPLIT_BY="folder", TASKS="service",
            WORK=str(self.folder / "work"), TESSERA_SITE=str(site), TESSERA_HOME=str(REPOSITORY),
            PRETRAIN_CONFIG=str(self.folder / "pretrain.toml"), FINETUNE_CONFIG=str(self.folder / "finetune.toml"))
        for line in printed.splitlines():
            name, _, number = line.split()
            state = self.finish(number, seconds=240)["JobState"]
            self.tell(f"{name} in the container: {state}")
            self.assertEqual(state, "COMPLETED")
        self.assertTrue((self.folder / "work/tuned/service/report/report.json").exists())


if __name__ == "__main__":
    why_not = apptainer_tree.missing()
    if why_not and not TREES.exists():
        print(f"skipped: {why_not}")
        sys.exit(SKIPPED)
    main()
