"""The second layout: each node has a network, a host name and a /dev/shm of its own (root). The nodes hang on one
bridge, so that a link can be slowed and cut."""
import os
import shutil
import socket
import subprocess

import slurm_cluster

NETWORK = f"10.213.{os.getpid() % 250}"  # on no real network; two tests at once have two of them


def missing():
    """Why it cannot be done here; empty when it can."""
    if os.geteuid() != 0:
        return "network namespaces want root"
    for program in ("ip", "tc", "unshare", "nsenter"):
        if not shutil.which(program):
            return f"{program} is not installed"
    name = f"probe{os.getpid()}"
    able = subprocess.run(["ip", "link", "add", name, "type", "bridge"], capture_output=True).returncode == 0
    if able:
        subprocess.run(["ip", "link", "del", name], check=True)
    return "" if able else "this kernel makes no bridge"


class Namespaces(slurm_cluster.Cluster):
    def __init__(self, folder, nodes=4):
        super().__init__(folder, nodes)
        self.mark = f"t{os.getpid() % 100000}"  # leads the names of all that is made; 15 letters at most
        self.controller = f"{socket.gethostname().split('.')[0]}({NETWORK}.254)"
        self.variables.update(OMPI_MCA_btl_tcp_if_include="eth0", OMPI_MCA_oob_tcp_if_include="eth0")
        self.holders = {}

    def place(self, name):
        return {"host": name, "address": f"{NETWORK}.{self.number(name)}"}

    def number(self, name):
        return self.names.index(name) + 1

    def namespace(self, name):
        return f"{self.mark}-{name}"

    def enter(self, name):
        """By a process that holds host name and mounts of the node."""
        return ["nsenter", f"--target={self.holders[name].pid}", "--uts", "--mount", "--net"]

    def up(self):
        self.ip("link", "add", self.mark, "type", "bridge")
        self.ip("addr", "add", f"{NETWORK}.254/24", "dev", self.mark)
        self.ip("link", "set", self.mark, "up")
        for name in self.names:
            self.make_node(name)
        return super().up()

    def make_node(self, name):
        space, outside = self.namespace(name), f"{self.mark}v{self.number(name)}"
        self.ip("netns", "add", space)
        self.ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", space)
        self.ip("link", "set", outside, "master", self.mark, "up")
        self.inside(name, "addr", "add", f"{NETWORK}.{self.number(name)}/24", "dev", "eth0")
        self.inside(name, "link", "set", "eth0", "up")
        self.inside(name, "link", "set", "lo", "up")
        script = f"hostname {name} && mount -t tmpfs -o size=256m tmpfs /dev/shm && echo ready && exec sleep infinity"
        # Not `ip netns exec`: its fresh /sys has no control groups, which slurmd looks for.
        holder = subprocess.Popen(["nsenter", f"--net=/run/netns/{space}", "unshare", "--uts", "--mount", "sh", "-c",
                                   script], stdout=subprocess.PIPE, text=True)
        self.holders[name] = holder
        if holder.stdout.readline() != "ready\n":
            raise AssertionError(f"node {name} got no host name or /dev/shm of its own")

    def down(self):
        try:
            super().down()
        finally:
            for holder in self.holders.values():
                holder.kill()
                holder.wait()
                holder.stdout.close()
            for name in self.names:
                subprocess.run(["ip", "netns", "del", self.namespace(name)], capture_output=True)
            subprocess.run(["ip", "link", "del", self.mark], capture_output=True)

    # The links.

    def slow(self, name, megabits):
        """What the node sends goes at so many Mbit/s."""
        subprocess.run(["ip", "netns", "exec", self.namespace(name), "tc", "qdisc", "replace", "dev", "eth0", "root",
                        "tbf", "rate", f"{megabits}mbit", "burst", "128kb", "latency", "200ms"], check=True)

    def full_speed(self, name):
        subprocess.run(["ip", "netns", "exec", self.namespace(name), "tc", "qdisc", "del", "dev", "eth0", "root"],
                       check=True)

    def cut(self, name):
        self.ip("link", "set", f"{self.mark}v{self.number(name)}", "down")

    def mend(self, name):
        self.ip("link", "set", f"{self.mark}v{self.number(name)}", "up")

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True)

    def inside(self, name, *words):
        self.ip("-n", self.namespace(name), *words)
