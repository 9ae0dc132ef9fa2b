#!/usr/bin/env python3
"""Real Apptainer on Debian 12, which has no package of it: a Debian sid tree that holds it, entered in a user
namespace in which we are root.

Usage: apptainer_tree.py make FOLDER               the tree (debootstrap, root; about half a minute, 400 MB)
       apptainer_tree.py base FOLDER               a minimal Debian 12 to build images from (localimage)
       apptainer_tree.py sources FOLDER            the parts of this repository that a definition copies
       apptainer_tree.py run FOLDER WORK COMMAND.. runs it inside, with WORK at the same path
"""
import ctypes
import os
import pathlib
import re
import shutil
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ("CMakeLists.txt", "containers", "src", "include", "configs", "datasets", "jobs", "tests/bench")
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
INSIDE = r"""
set -e; tree=$1 work=$2; shift 2
mount --bind "$tree" "$tree"; mkdir -p "$tree/old" "$tree$work"
for folder in proc sys dev; do mount --rbind "/$folder" "$tree/$folder"; done
mount -t tmpfs tmpfs "$tree/run"; mount --rbind "$work" "$tree$work"
cp /etc/resolv.conf "$tree/etc/" 2>/dev/null || true
cd "$tree"; pivot_root . old; umount -l /old; cd "$work"; exec "$@"
"""


def mirror():
    """The Debian mirror of this machine."""
    for path in (pathlib.Path("/etc/apt/sources.list"), *sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*"))):
        if path.exists():
            found = re.search(r"^(?:deb (?:\[.*?\] )?|URIs: *)(\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
            if found:
                return found.group(1)
    return "http://deb.debian.org/debian"


def missing():
    """Why it cannot be done here; empty when it can."""
    if os.geteuid() != 0:
        return "debootstrap wants root"
    return "" if shutil.which("debootstrap") else "debootstrap is not installed"


def bootstrap(suite, folder, *options):
    folder = pathlib.Path(folder)
    aside = folder.with_name(folder.name + ".new")
    shutil.rmtree(aside, ignore_errors=True)
    aside.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["debootstrap", "--variant=minbase", *options, suite, str(aside), mirror()], check=True,
                   stdout=subprocess.DEVNULL)
    return aside, folder


def make(folder):
    aside, folder = bootstrap("sid", folder,
                              "--include=apptainer,squashfuse,debian-archive-keyring,ca-certificates")
    (aside / "etc/hosts").write_text("127.0.0.1 localhost\n", encoding="utf-8")
    aside.rename(folder)


def base(folder):
    """Without device files, which a user namespace may not copy, and with this machine's package and pip sources."""
    aside, folder = bootstrap("bookworm", folder)
    for pattern in ("etc/apt/sources.list.d/*.sources", "etc/pip.conf", "usr/local/share/ca-certificates/*.crt"):
        for source in pathlib.Path("/").glob(pattern):
            (aside / source.parent.relative_to("/")).mkdir(parents=True, exist_ok=True)
            shutil.copy(source, aside / source.relative_to("/"))
    shutil.rmtree(aside / "dev")
    (aside / "dev").mkdir()
    shutil.copy("/etc/resolv.conf", aside / "etc/")
    aside.rename(folder)


def sources(folder):
    for name in SOURCES:
        source, copy = REPOSITORY / name, pathlib.Path(folder) / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy)
        else:
            shutil.copy(source, copy)
    described = subprocess.run(["git", "-C", REPOSITORY, "describe", "--always", "--abbrev=12", "--dirty", "--exclude=*"],
                               capture_output=True, text=True)
    (pathlib.Path(folder) / "revision").write_text(described.stdout or "unknown\n", encoding="utf-8")


def enter(tree, work, command):
    """Replaces this process's child by `command` inside the tree; gives its exit code."""
    os.environ.update(APPTAINER_TMPDIR=work, APPTAINER_CACHEDIR=f"{work}/.cache")
    mapped_read, mapped_write = os.pipe()
    ready_read, ready_write = os.pipe()
    child = os.fork()
    if child == 0:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
            os._exit(99)
        os.write(ready_write, b"x")
        os.read(mapped_read, 1)
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        os.execvp("bash", ["bash", "-c", INSIDE, "inside", tree, work, *command])
    os.read(ready_read, 1)
    for name in ("uid_map", "gid_map"):
        pathlib.Path(f"/proc/{child}/{name}").write_text("0 0 65536", encoding="utf-8")
    os.write(mapped_write, b"x")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main():
    words = sys.argv[1:]
    if len(words) == 2 and words[0] == "make":
        make(words[1])
    elif len(words) == 2 and words[0] == "base":
        base(words[1])
    elif len(words) == 2 and words[0] == "sources":
        sources(words[1])
    elif len(words) > 3 and words[0] == "run":
        code = enter(os.path.realpath(words[1]), os.path.realpath(words[2]), words[3:])
        return code if code >= 0 else 128 - code
    else:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
