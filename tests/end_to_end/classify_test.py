"""Everyday use: labels from a pipe, as soon as some packets are there, and from a live interface."""
import json
import os
import shutil
import signal
import subprocess
import unittest

from support import ENVIRONMENT, SAMPLE, InScratch, command, main, tessera

# Inside a network namespace of its own: a server and six connections of ten packets and more; then a
# flow of two packets, after which nothing comes.
TRAFFIC = """
import socket, threading
server = socket.create_server(("127.0.0.1", 0))
def serve():
    while True:
        peer, _ = server.accept()
        with peer:
            while peer.recv(1000):
                peer.sendall(b"y" * 700)
threading.Thread(target=serve, daemon=True).start()
for number in range(6):
    with socket.create_connection(server.getsockname()) as client:
        for _ in range(8):
            client.sendall(b"x" * 100)
            got = 0
            while got < 700:
                got += len(client.recv(1000))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink, \
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    sink.bind(("127.0.0.1", 0))
    for _ in range(2):
        client.sendto(b"z" * 100, sink.getsockname())
"""

# What is on standard output was answered while the program listened, not at its end.
LISTEN = """
cd '{folder}'
ip link set lo up
{classify} >answers 2>told & pid=$!
within_a_minute() {{ for _ in {{1..600}}; do if "$@"; then return; fi; sleep 0.1; done; }}
listening() {{ grep -q 'listening on' told; }}
answered() {{ [ "$(wc -l <answers)" -ge 7 ]; }}
within_a_minute listening
python3 -c '{traffic}'
within_a_minute answered
cat answers
kill -TERM $pid
wait $pid
"""


def can_make_namespace():
    if os.geteuid() != 0 or shutil.which("unshare") is None or shutil.which("ip") is None:
        return False
    return subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True).returncode == 0


def identity(answer):
    return tuple(answer[key] for key in ("source_ip", "source_port", "destination_ip",
                                         "destination_port", "protocol", "first_seen_ns"))


class Classify(InScratch):

    def setUp(self):
        super().setUp()
        store = self.scratch / "store"
        tessera("preprocess", "--input", SAMPLE, "--labels", SAMPLE / "labels.toml", "--store", store)
        tessera("split", store, "--by", "folder", "--name", "runs")
        self.bundle = self.scratch / "bundle"
        tessera("finetune", "--store", store, "--split", "runs", "--run", self.scratch / "run",
                "--bundle", self.bundle, "--inputs", "sizes", "--labels", "purpose",
                "--train-iters", "60", "--lr", "2e-3", "--threads", "1")
        self.capture = sorted((SAMPLE / "run1").iterdir())[0]

    def answers(self, *words, **options):
        out, _ = tessera("classify", "--model", self.bundle, "--threads", "1", *words, **options)
        return [json.loads(line) for line in out.splitlines()]

    def test_everyday(self):
        whole = self.answers("--input", self.capture)
        self.assertGreater(len(whole), 10)
        self.check_pipe(whole)
        self.check_early(whole)
        self.check_unknown(whole)

    def check_pipe(self, whole):
        with open(self.capture, "rb") as source:
            process = subprocess.run(command("classify", "--model", self.bundle, "--input", "-"),
                                     stdin=source, env=ENVIRONMENT, check=True, capture_output=True)
        piped = [json.loads(line) for line in process.stdout.decode().splitlines()]
        for answer in piped + whole:
            answer.pop("capture")
        self.assertEqual(piped, whole)
        told = process.stderr.decode()
        for word in ("packets/s", "flows/s", "p50", "p99", "% of the time in the model"):
            self.assertIn(word, told)

    def check_early(self, whole):
        early = self.answers("--input", self.capture, "--answer-after", "6")
        self.assertEqual(sorted(map(identity, early)), sorted(map(identity, whole)))  # each once
        self.assertEqual(max(answer["packets"] for answer in early), 6)
        # All the packets that the model reads (30): nothing can change any more.
        all_read = {identity(answer): answer for answer in
                    self.answers("--input", self.capture, "--answer-after", "30")}
        for answer in whole:
            self.assertEqual(all_read[identity(answer)]["class"], answer["class"])

    def check_unknown(self, whole):
        sure = self.answers("--input", self.capture, "--unknown-below", "0")
        self.assertNotIn("unknown", {answer["class"] for answer in sure})
        none = self.answers("--input", self.capture, "--unknown-below", "1.1")
        self.assertEqual({answer["class"] for answer in none}, {"unknown"})
        info = json.loads((self.bundle / "bundle.json").read_text())["content"]["bundle"]
        self.assertGreater(info["unknown_below"], 0)
        self.assertLess(info["unknown_below"], 1)
        for answer in whole:
            self.assertEqual(answer["class"] == "unknown",
                             answer["probability"] < round(info["unknown_below"], 6))

    def test_joined(self):
        """A capture in two files is one: the flows that cross the cut are answered once."""
        content = self.capture.read_bytes()
        at = 24
        while at < len(content) // 2:
            at += 16 + int.from_bytes(content[at + 8:at + 12], "little")
        halves = self.scratch / "halves"
        halves.mkdir()
        (halves / "b.pcap").write_bytes(content[:at])
        (halves / "a.pcap").write_bytes(content[:24] + content[at:])
        whole, apart = self.answers("--input", self.capture), self.answers("--input", halves)
        joined = self.answers("--input", halves, "--join", "all")
        for answer in joined + whole:
            answer.pop("capture")
        self.assertEqual(joined, whole)
        self.assertGreater(len(apart), len(whole))

    def test_a_signal_leaves_captures_unread_and_says_so(self):
        content = self.capture.read_bytes()
        line = command("classify", "--model", self.bundle, "--threads", "1", "--answer-after", "1",
                       "--batch-size", "1", "--input", "-", self.capture)
        with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT,
                              stderr=subprocess.PIPE) as process:
            process.stdin.write(content[:len(content) // 2])
            process.stdin.flush()
            self.assertEqual(json.loads(process.stdout.readline())["capture"], "-")
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(content[len(content) // 2:], timeout=60)
        self.assertEqual(process.returncode, 1, err)
        self.assertIn("1 captures were not read, 1 in part", err.decode())
        self.assertEqual({json.loads(answer)["capture"] for answer in out.splitlines()} - {"-"}, set())

    @unittest.skipUnless(can_make_namespace(), "a live interface needs root and network namespaces")
    def test_live_interface(self):
        words = " ".join(f"'{word}'" for word in command(
            "classify", "--model", self.bundle, "--interface", "lo", "--answer-after", "10",
            "--answer-within", "1"))
        script = LISTEN.format(classify=words, traffic=TRAFFIC, folder=self.scratch)
        process = subprocess.run(["unshare", "-n", "bash", "-c", script], env=ENVIRONMENT, check=True,
                                 capture_output=True, timeout=150)
        told = (self.scratch / "told").read_text()
        self.assertNotIn("were lost", told)
        flows = [json.loads(line) for line in process.stdout.decode().splitlines()]
        self.assertEqual(len({identity(flow) for flow in flows}), 7, told)
        self.assertEqual(sorted(flow["packets"] for flow in flows), [2, *[10] * 6])
        self.assertEqual({flow["capture"] for flow in flows}, {"lo"})


class WordPieces(InScratch):
    """The vocabulary travels with the store and with the bundle: nothing else is needed later."""

    def test_the_vocabulary_file_may_go(self):
        vocabulary = self.scratch / "vocabulary.txt"
        digits = [f"{number:02x}" for number in range(256)]
        vocabulary.write_text("\n".join(["[PAD]", "[UNK]", *digits, *("##" + each for each in digits)]))
        capture = sorted((SAMPLE / "run1").iterdir())[0]
        store, bundle = self.scratch / "store", self.scratch / "bundle"
        tessera("preprocess", "--input", SAMPLE, "--labels", SAMPLE / "labels.toml", "--store", store,
                "--tokenizer", "wordpiece", "--vocabulary", vocabulary)
        vocabulary.unlink()
        tessera("verify", store)
        tessera("split", store, "--by", "flow", "--name", "flows")
        tessera("finetune", "--store", store, "--split", "flows", "--run", self.scratch / "run",
                "--bundle", bundle, "--inputs", "tokens", "--labels", "purpose", "--layers", "1",
                "--hidden", "16", "--heads", "2", "--feed-forward", "32", "--train-iters", "2",
                "--threads", "1")
        moved = bundle.rename(self.scratch / "moved")
        shutil.rmtree(store)
        tessera("verify", moved)
        out, _ = tessera("classify", "--model", moved, "--threads", "1", "--input", capture)
        self.assertGreater(len(out.splitlines()), 10)
        text = (moved / "vocabulary.txt").read_text()
        (moved / "vocabulary.txt").write_text(text.replace("00", "zz"))
        _, err = tessera("classify", "--model", moved, "--input", capture, expect=3)
        self.assertIn("vocabulary.txt' is damaged", err)


if __name__ == "__main__":
    main()
