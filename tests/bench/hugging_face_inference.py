#!/usr/bin/env python3
"""A peer of `tessera bench infer`: Hugging Face's BertForSequenceClassification, SDPA attention.

Prints one JSON line: seconds of every batch of random tokens after a warm-up, the largest resident
set, versions.
"""
import argparse
import json
import resource
import time

import torch
import transformers

from hugging_face import SIZES


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=SIZES, default="small")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--sequence", type=int, default=128)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    layers, hidden, heads = SIZES[options.model]
    config = transformers.BertConfig(
        vocab_size=65_541, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=4 * hidden, num_labels=17)
    model = transformers.BertForSequenceClassification._from_config(
        config, attn_implementation="sdpa").eval()
    tokens = torch.randint(5, 65_541, (options.batch, options.sequence))
    seconds = []
    with torch.inference_mode():
        for step in range(options.warm_up + options.steps):
            start = time.perf_counter()
            model(input_ids=tokens).logits.sum().item()
            if step >= options.warm_up:
                seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak_memory_bytes": peak, "torch": torch.__version__,
                      "transformers": transformers.__version__}))


if __name__ == "__main__":
    main()
