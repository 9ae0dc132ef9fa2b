#!/usr/bin/env python3
"""A peer of `tessera bench infer`: Deep Packet's CNN (application task, released sizes) in PyTorch.

Prints one JSON line: seconds of every batch after a warm-up, the largest resident set, versions. The
input is [B, 1, 1500] as the reference feeds it, made ready before the clock starts.
"""
import argparse
import json
import resource
import time

import torch
from torch import nn

MIX = [40] * 7 + [576] * 4 + [1500]


def network(classes=17):
    hidden = []
    for inputs, outputs in ((49_400, 200), (200, 100), (100, 50)):
        hidden += [nn.Linear(inputs, outputs), nn.Dropout(0.05), nn.ReLU()]
    return nn.Sequential(nn.Conv1d(1, 200, 4, stride=3), nn.ReLU(), nn.Conv1d(200, 200, 5), nn.ReLU(),
                         nn.MaxPool1d(2), nn.Flatten(), *hidden, nn.Linear(50, classes))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=["deep-packet-cnn"])
    parser.add_argument("--lengths", choices=["imix", "full"], default="imix")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    model = network().eval()
    packets = torch.zeros(options.batch, 1, 1500)
    for row in range(options.batch):
        length = 1500 if options.lengths == "full" else MIX[row % len(MIX)]
        packets[row, 0, :length] = torch.randint(0, 256, (length,)) / 255
    seconds = []
    with torch.inference_mode():
        for step in range(options.warm_up + options.steps):
            start = time.perf_counter()
            model(packets).sum().item()
            if step >= options.warm_up:
                seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak_memory_bytes": peak, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
