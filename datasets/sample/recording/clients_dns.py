"""DNS over TLS and HTTPS: all at once by kdig or dig, or bit by bit as a stub resolver does."""

import base64
import struct

from content import RECORDS, WORDS
from flow import FlowTask

TYPES = {"A": 1, "TXT": 16, "AAAA": 28}


def draw_question(task: FlowTask) -> tuple[str, str]:
    """Some of these names exist in the made-up zone, others do not."""
    name = f"{task.rng.choice(WORDS)}{task.rng.randrange(RECORDS)}.example"
    if task.rng.random() < 0.2:
        name = f"{task.rng.choice(WORDS)}.{name}"
    return name, task.rng.choice(("A", "A", "A", "AAAA", "TXT"))


def wire_format(number: int, name: str, kind: str) -> bytes:
    """One question, RFC 1035 section 4.1."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    header = struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0)
    return header + labels + b"\0" + struct.pack(">HH", TYPES[kind], 1)


def by_program(task: FlowTask, questions: list[tuple[str, str]], protocol: str) -> None:
    words = [word for question in questions for word in question]
    program = task.rng.choice(("kdig", "dig"))
    if program == "kdig":
        options = [f"+tls-hostname={task.name}", f"+tls-ca={task.certificate}"]
    else:
        options = []
    server = f"@{task.host.server}"
    common = ("-p", str(task.port), "+retry=0", "+time=5", "+keepopen", f"+{protocol}")
    task.call(program, server, *common, *options, *words)


def dot(task: FlowTask) -> None:
    questions = [draw_question(task) for _ in range(task.rng.randrange(1, 13))]
    if task.rng.random() < 0.5:
        by_program(task, questions, "tls")
        return
    with task.connect(task.rng.choice((None, ["dot"]))) as stream:
        for name, kind in questions:
            message = wire_format(task.rng.randrange(65536), name, kind)
            stream.sendall(struct.pack(">H", len(message)) + message)
            stream.recv(4096)
            task.think(0.6)


def doh(task: FlowTask) -> None:
    questions = [draw_question(task) for _ in range(task.rng.randrange(1, 13))]
    if task.rng.random() < 0.4:
        by_program(task, questions, "https")
        return
    targets = []
    for name, kind in questions:
        message = base64.urlsafe_b64encode(wire_format(0, name, kind)).rstrip(b"=").decode()
        targets += ["-o", "/dev/null", f"{task.url}/dns-query?dns={message}"]
    rate = f"{task.rng.choice((60, 120, 240, 600))}/m"
    options = ("--http2", "--cacert", task.certificate, "--rate", rate)
    task.call("curl", "-sS", *options, "-H", "Accept: application/dns-message", *targets)
