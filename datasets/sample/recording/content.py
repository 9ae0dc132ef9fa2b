"""Everything that the servers serve: random bytes and dictionary words, made on the spot."""

import os
import random
import subprocess
from pathlib import Path

from network import GUEST_ID
from plan import Plan

WORDS = (
    "alder ash aspen basil beech bracken briar clover cypress daisy elder fern flax furze hazel "
    "heather holly iris ivy larch laurel lichen lilac lime linden maple moss myrtle nettle oak "
    "olive pine plum poplar reed rose rowan rush sage sedge sorrel spruce thistle thyme tulip "
    "vetch violet walnut willow yarrow yew"
).split()

PAGES, FILES, SEGMENTS, RECORDS, MAILS = 12, 10, 12, 300, 20


def text(rng: random.Random, size: int) -> str:
    """Lines of words, about size bytes."""
    lines, length = [], 0
    while length < size:
        line = " ".join(rng.choice(WORDS) for _ in range(rng.randrange(6, 13)))
        lines.append(line)
        length += len(line) + 1
    return "\n".join(lines) + "\n"


def bounded(rng: random.Random, median: float, spread: float, low: int, high: int) -> int:
    return int(min(max(rng.lognormvariate(0, spread) * median, low), high))


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def make_www(rng: random.Random, scale: float, root: Path) -> None:
    """pages/N/{index.html,K.bin}, files/N.bin and video/N/{list.txt,K.ts}; sizes in bytes."""
    for page in range(PAGES):
        objects = rng.randrange(2, 8)
        links = "".join(f'<img src="{item}.bin">\n' for item in range(objects))
        body = text(rng, bounded(rng, 5000 * scale, 0.6, 800, 20000))
        write(root / f"pages/{page}/index.html", (links + body).encode())
        for item in range(objects):
            size = bounded(rng, 2200 * scale, 0.9, 200, 15000)
            write(root / f"pages/{page}/{item}.bin", rng.randbytes(size))
    for file in range(FILES):
        size = bounded(rng, 55000 * scale, 0.45, 25000, 120000)
        write(root / f"files/{file}.bin", rng.randbytes(size))
    for film in range(4):
        segment_size = bounded(rng, 7000 * scale, 0.35, 3000, 14000)
        write(root / f"video/{film}/list.txt", text(rng, 600).encode())
        for segment in range(SEGMENTS):
            size = int(segment_size * rng.uniform(0.6, 1.4))
            write(root / f"video/{film}/{segment}.ts", rng.randbytes(size))


def make_mail(rng: random.Random, scale: float, size_limit: int = 15000) -> str:
    body = text(rng, bounded(rng, 2000 * scale, 0.9, 150, size_limit))
    subject = " ".join(rng.choice(WORDS) for _ in range(4))
    return (
        f"From: {rng.choice(WORDS)}@amber.example\nTo: {rng.choice(WORDS)}@birch.example\n"
        f"Subject: {subject}\nDate: Mon, 01 Jan 2024 12:00:00 +0000\n\n{body}"
    )


def make_mailboxes(rng: random.Random, scale: float, root: Path) -> None:
    for word in WORDS[:4]:
        for folder in ("new", "cur", "tmp"):
            (root / word / "Maildir" / folder).mkdir(parents=True)
        for number in range(MAILS):
            mail = make_mail(rng, scale).encode()
            write(root / word / f"Maildir/cur/{1700000000 + number}.M{number}.server:2,S", mail)


def make_home(rng: random.Random, scale: float, home: Path) -> None:
    """The guest's folder for SSH and SFTP."""
    for number in range(12):
        size = bounded(rng, 3500 * scale, 1.0, 200, 25000)
        write(home / f"notes/{rng.choice(WORDS)}-{number}.txt", text(rng, size).encode())
    (home / "incoming").mkdir()


def make_certificate(work: Path, names: list[str]) -> None:
    """One self-signed certificate for all services of a run: it tells none of them from another."""
    alternatives = ",".join(f"DNS:{name}" for name in names)
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=sample.example".split()
        + ["-keyout", str(work / "key.pem"), "-out", str(work / "cert.pem")]
        + ["-addext", f"subjectAltName={alternatives}"]
    )
    subprocess.run(command, check=True, capture_output=True)
    (work / "key.pem").chmod(0o644)  # servers read it under users of their own


def make_ssh_keys(work: Path, home: Path) -> None:
    for name in ("host_key", "user_key"):
        path = work / name
        command = "ssh-keygen -q -t ed25519 -C guest@client -N".split()
        subprocess.run([*command, "", "-f", str(path)], check=True)
    write(home / "authorized_keys", (work / "user_key.pub").read_bytes())


def give_to_guest(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, GUEST_ID, 65534)


def make_content(plan: Plan, work: Path) -> None:
    rng = random.Random(f"{plan.seed}/{plan.run}/content")
    make_www(rng, plan.size_scale, work / "www")
    make_mailboxes(rng, plan.size_scale, work / "mail")
    make_home(rng, plan.size_scale, work / "home")
    make_certificate(work, sorted({host.name for host in plan.hosts["web"]}))
    make_ssh_keys(work, work / "home")
    give_to_guest(work / "home")
    give_to_guest(work / "mail")
