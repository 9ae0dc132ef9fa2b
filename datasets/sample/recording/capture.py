"""tcpdump in the client's namespace, and the form in which its file is published."""

import shutil
import signal
import subprocess
from pathlib import Path

from network import SAFE_ENVIRONMENT, Pair

SNAP_LENGTH = 144  # bytes kept of every packet; its true length stays in the record


class Capture:
    def __init__(self, pair: Pair, work: Path) -> None:
        self.pair = pair
        self.raw = work / f"{pair.service}.raw"
        self.log = work / f"{pair.service}.tcpdump.log"
        precision = "nano" if pair.plan.file_format == "pcap-ns" else "micro"
        self.process = pair.client.start(
            *("tcpdump", "-Z", "root", "-U", "-i", pair.client.tap, "-s", str(SNAP_LENGTH)),
            *(f"--time-stamp-precision={precision}", "-w", str(self.raw), "tcp or udp"),
            log=self.log,
        )

    def stop(self, folder: Path) -> Path:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        log = self.log.read_text(encoding="utf-8")
        if "\n0 packets dropped by kernel" not in log:
            raise RuntimeError(f"{self.pair.service}: tcpdump lost packets: {log}")
        return self.publish(folder)

    def publish(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        if self.pair.plan.file_format != "pcapng":
            return Path(shutil.copyfile(self.raw, folder / f"{self.pair.service}.pcap"))
        target = folder / f"{self.pair.service}.pcapng"
        command = ["editcap", "-F", "pcapng", str(self.raw), str(target)]
        subprocess.run(command, check=True, env=SAFE_ENVIRONMENT)
        return target
