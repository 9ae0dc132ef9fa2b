"""Two uses of one OpenSSH server: typing at a shell, and moving files."""

from content import bounded
from flow import FlowTask

COMMANDS = (
    *("ls -l notes", "pwd", "wc notes/*", "head -5 notes/*", "date", "uptime", "cat notes/a*"),
    *("sort notes/* | uniq -c | tail", "echo done", "grep -c a notes/*", "ls -la", "clear"),
)
CIPHERS = ("chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes128-ctr")


def options(task: FlowTask) -> list[str]:
    return [
        *("-F", "none", "-i", str(task.work / "user_key"), "-c", task.rng.choice(CIPHERS)),
        *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
        *("-o", "LogLevel=ERROR", "-o", "ConnectTimeout=10"),
    ]


def keystrokes(task: FlowTask, line: str) -> list[tuple[float, bytes]]:
    """Typed letter by letter, or now and then pasted."""
    before = 0.3 + task.pause(0.6)
    if task.rng.random() < 0.5:
        return [(before, line.encode() + b"\n")]
    keys = [(min(task.rng.lognormvariate(-2.5, 0.5), 0.6), letter.encode()) for letter in line]
    return [(before, b""), *keys, (0.2, b"\n")]


def ssh(task: FlowTask) -> None:
    """An interactive session: one or two commands at a terminal."""
    lines = [task.rng.choice(COMMANDS) for _ in range(task.rng.randrange(1, 3))]
    typed = [key for line in [*lines, "exit 0"] for key in keystrokes(task, line)]
    command = ["ssh", "-tt", *options(task), "-p", str(task.port), f"guest@{task.name}"]
    task.feed(command, typed)


def sftp(task: FlowTask) -> None:
    """A batch of one to three transfers, up or down, with a listing here and there."""
    notes = sorted(path.name for path in (task.work / "home/notes").iterdir())
    lines = []
    for number in range(task.rng.randrange(1, 4)):
        if task.rng.random() < 0.5:
            size = bounded(task.rng, 3500 * task.plan.size_scale, 0.9, 200, 25000)
            upload = task.scratch(task.rng.randbytes(size))
            lines.append(f"put {upload} incoming/{task.flow}-{number}")
        else:
            lines.append(f"get notes/{task.rng.choice(notes)} /dev/null")
        if task.rng.random() < 0.4:
            lines.append("ls -l " + task.rng.choice(("notes", "incoming")))
    batch = task.scratch("\n".join(lines).encode() + b"\n")
    target = ("-P", str(task.port), f"guest@{task.name}")
    task.call("sftp", *options(task), "-q", "-b", batch, *target)
