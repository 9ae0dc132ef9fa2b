"""Preprocessing that is asked to stop: it ends with 85 soon, and the next call makes the store of an undisturbed one."""
import shutil
import signal
import subprocess
import time

from support import ENVIRONMENT, SAMPLE, InScratch, command, main, tessera, tree

COPIES = 12  # enough captures that the signal comes before the end


class StoppedPreprocess(InScratch):
    def test_usr1_and_again(self):
        captures = self.scratch / "captures"
        for i in range(COPIES):
            shutil.copytree(SAMPLE, captures / str(i))
        words = ("preprocess", "--input", captures, "--progress", "none", "--store")
        stopped = self.scratch / "stopped"
        running = subprocess.Popen(command(*words, stopped, ranks=2), env=ENVIRONMENT, text=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        end = time.monotonic() + 60
        while time.monotonic() < end and not (self.scratch / "stopped.partial").exists():
            time.sleep(0.01)
        running.send_signal(signal.SIGUSR1)
        _, said = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 85, said)
        self.assertIn("run me again", said)
        self.assertFalse(stopped.exists())
        tessera(*words, stopped, ranks=2)
        tessera(*words, self.scratch / "undisturbed", ranks=2)
        self.assertEqual(tree(stopped), tree(self.scratch / "undisturbed"))


if __name__ == "__main__":
    main()
