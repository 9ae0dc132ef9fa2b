#!/usr/bin/env python3
"""Training and preprocessing on 1 to 1,024 ranks, predicted from what was measured: prints a table that says for
each size what was measured, what is predicted, and what holds it back first.

The step of p ranks, m micro-batches of b sequences, a gradient of B bytes:
    T(p) = c * ceil(m / p) + ceil(log2 p) * (B / W + ceil(B / 4 MiB) * L)
c is the time of a micro-batch on one rank (measured), W and L bandwidth and latency of the slowest link (measured by
`tessera doctor`). The second term is the program's own sum over ranks, recursive doubling in pieces of 4 MiB: nothing
of it is hidden behind the backward pass.
"""
import argparse
import csv
import json
import math
import sys

PIECE = 4 << 20  # bytes exchanged at a time
METADATA_OPERATIONS = 8  # open, create, sync, rename, record and folder syncs of one shard


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog="All rates are per second.")
    train = parser.add_argument_group("training")
    train.add_argument("--scaling", help="scaling.csv of scaling.sbatch (strong scaling)")
    train.add_argument("--doctor", help="output of `tessera doctor --json` on the ranks of that job")
    train.add_argument("--parameters", type=float, help="of the model: 4 bytes each go over the wire")
    train.add_argument("--global-batch-size", type=int, help="sequences a step")
    train.add_argument("--micro-batch-size", type=int, help="sequences in a forward pass of a rank")
    read = parser.add_argument_group("preprocessing")
    read.add_argument("--captures", type=float, help="number of capture files (of large plain pcap files: of their parts)")
    read.add_argument("--bytes", type=float, help="of all captures together")
    read.add_argument("--rank-rate", type=float, help="bytes a second of one rank (`tessera bench preprocess`)")
    read.add_argument("--file-system-rate", type=float, default=5e9, help="bytes a second (5e9)")
    read.add_argument("--metadata-rate", type=float, default=1e4, help="operations a second (1e4)")
    return parser.parse_args()


def step_seconds(ranks, micro_batches, micro_seconds, gradient, link):
    """(compute, exchange) of one step."""
    compute = micro_seconds * math.ceil(micro_batches / ranks)
    levels = math.ceil(math.log2(ranks)) if ranks > 1 else 0
    return compute, levels * (gradient / link["bytes_per_second"]
                              + math.ceil(gradient / PIECE) * link["latency_seconds"])


def slowest(links):
    """The worst of each, since a step waits for the slowest of its exchanges."""
    return {"bytes_per_second": min(one["bytes_per_second"] for one in links),
            "latency_seconds": max(one["latency_seconds"] for one in links)}


def training(options):
    with open(options.scaling, newline="", encoding="utf-8") as table:
        measured = {int(row["ranks"]): float(row["sequences_per_second"]) for row in csv.DictReader(table)}
    with open(options.doctor, encoding="utf-8") as file:
        link = slowest(json.load(file)["links"])
    batch, gradient = options.global_batch_size, 4 * options.parameters
    micro_batches = batch // options.micro_batch_size
    fewest = min(measured)
    _, exchange = step_seconds(fewest, micro_batches, 0, gradient, link)
    micro_seconds = max(batch / measured[fewest] - exchange, 1e-9) / math.ceil(micro_batches / fewest)
    print(f"training: {batch} sequences a step in {micro_batches} micro-batches of {micro_seconds:.4g} s, gradient "
          f"{gradient / 1e6:.4g} MB; slowest link {link['bytes_per_second'] / 1e6:.4g} MB/s, "
          f"{link['latency_seconds'] * 1e6:.3g} us")
    print(f"{'ranks':>6} {'measured/s':>11} {'predicted/s':>11} {'compute s':>10} {'exchange s':>10}  held back by")
    for ranks in sizes(measured):
        compute, exchange = step_seconds(ranks, micro_batches, micro_seconds, gradient, link)
        shown = f"{measured[ranks]:.4g}" if ranks in measured else "-"
        if ranks > micro_batches:
            print(f"{ranks:>6} {shown:>11} {'-':>11} {'-':>10} {'-':>10}  no work for more than {micro_batches} "
                  "ranks: raise the global batch")
            continue
        cause = "compute" if compute > exchange else "the links"
        if cause == "compute" and micro_batches % ranks:
            cause = "compute, shared unevenly"
        print(f"{ranks:>6} {shown:>11} {batch / (compute + exchange):>11.4g} {compute:>10.4g} {exchange:>10.4g}  {cause}")


def sizes(measured=()):
    return sorted({*measured, *(2**i for i in range(11))})


def preprocessing(options):
    """Ranks take whole files, or parts of large ones; shards are published one by one."""
    print(f"preprocessing: {options.captures:.4g} captures, {options.bytes:.4g} bytes; one rank reads "
          f"{options.rank_rate:.4g} bytes/s (measured), the file system {options.file_system_rate:.4g} (given)")
    print(f"{'ranks':>6} {'hours':>10}  held back by")
    largest = options.bytes / options.captures / options.rank_rate  # files of equal size
    for ranks in sizes():
        parts = {"the ranks": largest * math.ceil(options.captures / ranks),
                 "the file system": options.bytes / options.file_system_rate,
                 "metadata": options.captures * METADATA_OPERATIONS / options.metadata_rate}
        if ranks > options.captures:
            parts["the number of files"] = parts.pop("the ranks")
        cause = max(parts, key=parts.get)
        print(f"{ranks:>6} {parts[cause] / 3600:>10.4g}  {cause}")


def main():
    options = arguments()
    train = [options.scaling, options.doctor, options.parameters, options.global_batch_size, options.micro_batch_size]
    read = [options.captures, options.bytes, options.rank_rate]
    if not all(train) and not all(read):
        print("scaling_report: give all of --scaling --doctor --parameters --global-batch-size --micro-batch-size, "
              "or all of --captures --bytes --rank-rate", file=sys.stderr)
        return 2
    if all(train):
        training(options)
    if all(read):
        preprocessing(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
