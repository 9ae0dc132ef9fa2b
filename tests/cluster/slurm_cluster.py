#!/usr/bin/env python3
"""A real Slurm cluster on this machine: munge, slurmctld and one slurmd a node, all on loopback and all state
in one folder. Root or not.

Usage: slurm_cluster.py up FOLDER [NODES]   starts it (4 nodes); then: . FOLDER/env.sh
       slurm_cluster.py down FOLDER         ends every process that it started
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

DAEMONS = {name: shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
           for name in ("munged", "slurmctld", "slurmd", "sbatch")}

CONFIG = """
ClusterName=tessera
SlurmctldHost={controller}
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/run/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
TmpFS={folder}/tmp/%n
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/log/jobcomp.txt
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
KillWait=3
SchedulerParameters=sched_interval=2,bf_interval=2
GresTypes=gpu
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
# More processors than there are: the nodes share this machine.
NODE = ("NodeName={name} NodeHostName={host} NodeAddr={address} Port={port} CPUs=8 Boards=1 SocketsPerBoard=1 "
        "CoresPerSocket=8 ThreadsPerCore=1 RealMemory=4000 Gres=gpu:2 State=UNKNOWN")


def missing():
    """What of Slurm is not installed here; empty when all is."""
    names = [name for name, path in DAEMONS.items() if path is None]
    plugins = pathlib.Path("/usr/lib/x86_64-linux-gnu/slurm-wlm/mpi_pmix.so")
    return names + ([] if plugins.exists() else ["Slurm's PMIx plugin"])


def free_ports(count):
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def is_alive(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):
        return False
    return state != "Z"


def wait_until(holds, seconds, what):
    """Polls until `holds()` gives something true, and gives that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"after {seconds} s still not: {what}")


class Cluster:
    """The first layout: all nodes are this host, told apart by their ports."""

    controller = "localhost"

    def __init__(self, folder, nodes=4):
        self.folder = pathlib.Path(folder).resolve()
        self.names = [f"n{i + 1}" for i in range(nodes)]
        self.conf = self.folder / "slurm.conf"
        self.variables = {
            "SLURM_CONF": str(self.conf),
            # All nodes are this host: TCP on loopback, and no shared-memory files that would collide.
            "OMPI_MCA_btl": "self,tcp",
            "OMPI_MCA_btl_tcp_if_include": "lo",
            "OMPI_MCA_oob_tcp_if_include": "lo",
            "OMPI_MCA_mpi_yield_when_idle": "1",
            "OMP_NUM_THREADS": "1",
        }

    def run(self, *words, check=True, **environment):
        """A Slurm command, or any other, in the environment of the cluster; gives its output."""
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120,
                              env={**os.environ, **self.variables, **environment})
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, words))}: exit code {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}")
        return done.stdout if check else done

    def up(self):
        for name in ("run", "log", "state", "spool", "tmp"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name in self.names:
            (self.folder / "spool" / name).mkdir(exist_ok=True)
            (self.folder / "tmp" / name).mkdir(exist_ok=True)
        self.folder.chmod(0o755)  # munged refuses a key or log that others could write to
        self._write_files()
        subprocess.run([DAEMONS["munged"], f"--key-file={self.folder}/munge.key",
                        f"--socket={self.folder}/run/munge.socket", f"--pid-file={self.folder}/run/munged.pid",
                        f"--log-file={self.folder}/log/munged.log", f"--seed-file={self.folder}/run/munge.seed",
                        "--num-threads=2"], check=True)
        subprocess.run([DAEMONS["slurmctld"], "-c", "-f", self.conf], check=True,
                       env={**os.environ, **self.variables})
        for name in self.names:
            self.start_node(name)
        self.wait_for_idle(len(self.names))
        return self

    def _write_files(self):
        controller_port, *ports = free_ports(1 + len(self.names))
        nodes = "\n".join(NODE.format(name=name, port=port, **self.place(name))
                          for name, port in zip(self.names, ports))
        user = self.run("id", "-un").strip()
        self.conf.write_text(CONFIG.format(folder=self.folder, user=user, nodes=nodes,
                                           controller=self.controller, controller_port=controller_port),
                             encoding="utf-8")
        (self.folder / "gres.conf").write_text(  # any device file passes for a GPU
            f"NodeName={','.join(self.names)} Name=gpu File=/dev/null,/dev/zero\n", encoding="utf-8")
        # The default exchange crashes about 3 % of launches with Slurm 22.05 and PMIx 4.2.
        (self.folder / "mpi.conf").write_text("PMIxCollFence=ring\n", encoding="utf-8")
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        lines = [f"export {name}={value}\n" for name, value in self.variables.items()]
        (self.folder / "env.sh").write_text("".join(lines), encoding="utf-8")

    def place(self, name):
        """Where the node `name` is found."""
        return {"host": "localhost", "address": "127.0.0.1"}

    def enter(self, name):
        """The words before a command that bring it onto the node."""
        return []

    def start_node(self, name):
        subprocess.run([*self.enter(name), DAEMONS["slurmd"], "-N", name, "-f", self.conf], check=True,
                       env={**os.environ, **self.variables})

    def wait_for_idle(self, nodes, seconds=30):
        wait_until(lambda: self.run("sinfo", "-h", "-o", "%D", "-t", "idle", check=False).stdout.strip()
                   == str(nodes), seconds, f"{nodes} idle nodes (logs in {self.folder}/log)")

    def processes(self, node=None):
        """Processes of this cluster's jobs (of one node): told by their environment, so never another's."""
        wanted = [f"SLURM_CONF={self.conf}".encode()]
        if node:
            wanted.append(f"SLURMD_NODENAME={node}".encode())
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                environment = (entry / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if all(variable in environment for variable in wanted):
                found.append(int(entry.name))
        return found

    def kill_node(self, name):
        """The node is gone at once: its daemon, its step managers, its tasks."""
        victims = {self._pid(f"slurmd.{name}.pid")} - {None}
        for pid in self.processes(name):
            parent = int(pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[1])
            if b"slurmstepd" in pathlib.Path(f"/proc/{parent}/cmdline").read_bytes():
                victims.add(parent)
            victims.add(pid)
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def _pid(self, name):
        try:
            return int((self.folder / "run" / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def down(self):
        daemons = ["slurmctld.pid", *(f"slurmd.{name}.pid" for name in self.names), "munged.pid"]
        if self._pid("slurmctld.pid"):
            self.run("scancel", "--user", self.run("id", "-un").strip(), check=False)
            end = time.monotonic() + 10
            while time.monotonic() < end and self.run("squeue", "-h", check=False).stdout.strip():
                time.sleep(0.1)
        pids = [pid for pid in map(self._pid, daemons) if pid]
        for pid in pids:
            self._end(pid, signal.SIGTERM)
        leftover = self.processes()
        for pid in leftover:
            self._end(pid, signal.SIGKILL)
        wait_until(lambda: not any(map(is_alive, pids + leftover)), 20, "all daemons ended")

    @staticmethod
    def _end(pid, how):
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            pass

    # Jobs.

    def submit(self, script, *options, **environment):
        return self.run("sbatch", "--parsable", *options, script, **environment).strip()

    def job(self, number):
        """{field: value} of `scontrol show job`, of the first of an array."""
        shown = self.run("scontrol", "show", "job", "-o", number, check=False).stdout.split("\n")[0]
        return dict(word.split("=", 1) for word in shown.split() if "=" in word)

    def start_now(self, number):
        """A requeued job waits two minutes; tests do not."""
        self.run("scontrol", "update", f"jobid={number}", "StartTime=now", check=False)

    def wait_for_state(self, number, *states, seconds=120):
        return wait_until(lambda: self.job(number).get("JobState") in states and self.job(number), seconds,
                          f"job {number} is {' or '.join(states)}, but {self.job(number)}")


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("up", "down"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    cluster = Cluster(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 4)
    if sys.argv[1] == "up":
        cluster.up()
        print(f"{len(cluster.names)} nodes are idle; now: . {cluster.folder}/env.sh")
    else:
        cluster.names = [path.name.split(".")[1] for path in (cluster.folder / "run").glob("slurmd.*.pid")]
        cluster.down()
    return 0


if __name__ == "__main__":
    sys.exit(main())
