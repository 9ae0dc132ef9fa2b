"""What `tessera plan` says of memory, held against steps that were taken."""
import json
import subprocess
import unittest

from support import ENVIRONMENT, PROGRAMS, main


class Memory(unittest.TestCase):
    # The plan promises 10 %: fragments of the heap and what libraries keep are not in it.
    def check(self, *shape):
        done = subprocess.run([PROGRAMS / "tessera-bench-step", "--warm-up", "1", "--steps", "2", *shape],
                              capture_output=True, text=True, check=True, env=ENVIRONMENT)
        said = json.loads(done.stdout)
        share = said["peak_memory_bytes"] / said["planned_memory_bytes"]
        print(f"  {' '.join(shape)}: {said['peak_memory_bytes'] / 1e9:.2f} GB, {share:.3f} of the plan", flush=True)
        self.assertGreater(share, 0.9)
        self.assertLess(share, 1.1)

    def test_of_the_small_model(self):
        for batch in ("8", "32"):
            self.check("--model", "small", "--batch", batch)

    def test_of_the_base_model(self):
        self.check("--model", "base", "--batch", "2")


if __name__ == "__main__":
    main()
