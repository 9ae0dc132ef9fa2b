"""The command line as a user meets it: help, exit codes, errors of one line, layers of settings."""
import os
import subprocess

from support import ENVIRONMENT, PROGRAMS, InScratch, main, tessera


class CommandLine(InScratch):
    def test_every_listed_command_has_help(self):
        listed = [line.split()[0] for line in tessera("--help")[0].splitlines()
                  if line.startswith("  ")]
        self.assertIn("preprocess", listed)
        for name in listed:
            if (PROGRAMS / f"tessera-{name}").exists():
                out, _ = tessera(name, "--help")
                self.assertIn("--help", out)

    def test_only_flags_that_are_heeded_are_offered(self):
        self.assertNotIn("--force", tessera("pretrain", "--help")[0])
        for words in (["pretrain", "--force"], ["classify", "--dry-run"], ["plan", "--force"]):
            _, err = tessera(*words, expect=2)
            self.assertIn(words[1], err)
        self.assertNotIn("--force", tessera("pretrain", "--list-flags")[0])
        self.assertIn("--dry-run", tessera("pretrain", "--list-flags")[0])

    def test_every_program_is_listed(self):
        out, _ = tessera("--help")
        for program in PROGRAMS.glob("tessera-*"):
            name = program.name.removeprefix("tessera-")
            if not name.startswith("bench-"):
                self.assertIn(f"\n  {name} ", out)

    def test_usage_errors_are_one_line_and_code_2(self):
        for words in (["nonsense"], ["preprocess", "--nonsense"], ["preprocess"],
                      ["split"], ["preprocess", "--idle-timeout", "soon"],
                      ["preprocess", "--set", "flow.idle_timout=3"]):
            with self.subTest(words=words):
                _, err = tessera(*words, expect=2)
                self.assertEqual(len(err.strip().splitlines()), 1, err)

    def test_an_unknown_key_names_the_nearest_and_the_line(self):
        config = self.scratch / "config.toml"
        config.write_text("[flow]\n\nidle_timout = 60\n")
        _, err = tessera("preprocess", "--config", config, expect=2)
        self.assertIn("config.toml:3", err)
        self.assertIn("did you mean 'flow.idle_timeout'?", err)

    def test_file_gives_way_to_environment_and_that_to_flags(self):
        config = self.scratch / "config.toml"
        config.write_text("[flow]\nidle_timeout = 1\nactive_timeout = 2\nmax_flow_packets = 3\n")
        line = [PROGRAMS / "tessera", "preprocess", "--config", config, "--idle-timeout", "10",
                "--print-config"]
        done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True,
                              env={**ENVIRONMENT, "TESSERA_FLOW_IDLE_TIMEOUT": "5",
                                   "TESSERA_FLOW_ACTIVE_TIMEOUT": "6"})
        self.assertRegex(done.stdout, r"idle_timeout = 10\.0 +# flag")
        self.assertRegex(done.stdout, r"active_timeout = 6\.0 +# environment")
        self.assertRegex(done.stdout, r"max_flow_packets = 3 +# .*config.toml:4")

    def test_what_print_config_prints_is_a_config(self):
        out, _ = tessera("preprocess", "--print-config")
        config = self.scratch / "config.toml"
        config.write_text(out)
        again, _ = tessera("preprocess", "--config", config, "--print-config")
        values = [line.split("  #")[0] for line in out.splitlines()]
        self.assertEqual(values, [line.split("  #")[0] for line in again.splitlines()])

    def test_all_ranks_return_the_same_code(self):
        tessera("preprocess", "--nonsense", ranks=2, expect=2)

    def test_it_runs_from_any_folder_and_by_a_link(self):
        link = self.scratch / "tessera-link"
        os.symlink(PROGRAMS / "tessera", link)
        done = subprocess.run([link, "version"], capture_output=True, text=True, timeout=60,
                              cwd=self.scratch, env=ENVIRONMENT, check=True)
        self.assertIn("tessera 0.", done.stdout)


if __name__ == "__main__":
    main()
