#!/usr/bin/env python3
"""The peer of `tessera bench train`: Hugging Face's BertForPreTraining, SDPA attention and fused AdamW.

Trains on random tokens of the shape asked for and prints one JSON line: seconds of every step (after
a warm-up), the largest resident set and the versions. `--head labelled` computes the vocabulary head
on the labelled rows only (the strong Python way); `--head all` is the model as shipped.
Set MALLOC_MMAP_MAX_=0 and MALLOC_TRIM_THRESHOLD_ large in the environment: without them freed tensors
go back to the kernel and the peer looks up to three times slower than it is.
"""
import argparse
import json
import resource
import time

import torch
import transformers
from torch.nn.functional import cross_entropy

SIZES = {"tiny": (2, 128, 2), "small": (4, 256, 4), "base": (12, 768, 12)}  # layers, hidden, heads


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=SIZES, default="small")
    parser.add_argument("--vocabulary", type=int, default=65_600)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--sequence", type=int, default=128)
    parser.add_argument("--masked", type=int, default=19, help="labelled positions a sequence")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--head", choices=["labelled", "all"], default="labelled")
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--tied", type=int, default=1)
    return parser.parse_args()


def build(options):
    layers, hidden, heads = SIZES[options.model]
    config = transformers.BertConfig(
        vocab_size=options.vocabulary, hidden_size=hidden, num_hidden_layers=layers,
        num_attention_heads=heads, intermediate_size=4 * hidden, max_position_embeddings=512,
        hidden_dropout_prob=options.dropout, attention_probs_dropout_prob=options.dropout,
        tie_word_embeddings=bool(options.tied))
    return transformers.BertForPreTraining._from_config(config, attn_implementation="sdpa")


def make_batch(options):
    generator = torch.Generator().manual_seed(1)
    shape = (options.batch, options.sequence)
    tokens = torch.randint(5, options.vocabulary, shape, generator=generator)
    labels = torch.full(shape, -100)
    for row in range(options.batch):
        places = torch.randperm(options.sequence, generator=generator)[: options.masked]
        labels[row, places] = tokens[row, places]
    pair = torch.randint(0, 2, (options.batch,), generator=generator)
    return tokens, labels, pair


def loss_of(model, tokens, labels, pair, head):
    attention = torch.ones_like(tokens)
    if head == "all":
        return model(input_ids=tokens, attention_mask=attention, labels=labels,
                     next_sentence_label=pair).loss
    output = model.bert(input_ids=tokens, attention_mask=attention)
    rows = labels >= 0
    logits = model.cls.predictions(output.last_hidden_state[rows])
    relation = model.cls.seq_relationship(output.pooler_output)
    return cross_entropy(logits, labels[rows]) + cross_entropy(relation, pair)


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    model = build(options).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    tokens, labels, pair = make_batch(options)
    seconds = []
    for step in range(options.warm_up + options.steps):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss_of(model, tokens, labels, pair, options.head).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step >= options.warm_up:
            seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak_memory_bytes": peak, "torch": torch.__version__,
                      "transformers": transformers.__version__}))


if __name__ == "__main__":
    main()
