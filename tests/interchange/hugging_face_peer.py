#!/usr/bin/env python3
"""Loads an exported folder with the real Hugging Face library and compares what it computes.

usage: hugging_face_peer.py FOLDER EXPECTED.safetensors
EXPECTED holds tokens, segments, mask [B, S] int64 and our numbers: logits [B, C] of a classifier, or
masked [B, S, V] and same_origin [B, 2] of pre-training. Exit code 0: equal within 1e-5 everywhere.
"""
import sys

import torch
import transformers
from safetensors.torch import load_file

TOLERANCE = 1e-5  # float32 sums in another order; logits are of the size of 1

folder, expected = sys.argv[1], load_file(sys.argv[2])
inputs = dict(input_ids=expected["tokens"], token_type_ids=expected["segments"],
              attention_mask=expected["mask"])
kind = "BertForSequenceClassification" if "logits" in expected else "BertForPreTraining"
model, report = getattr(transformers, kind).from_pretrained(folder, output_loading_info=True)
assert not report["missing_keys"] and not report["unexpected_keys"], report
transformers.BertModel.from_pretrained(folder)
model.eval()
with torch.no_grad():
    output = model(**inputs)
if "logits" in expected:
    differences = [output.logits - expected["logits"]]
else:
    shown = expected["mask"].unsqueeze(-1)
    differences = [(output.prediction_logits - expected["masked"]) * shown,
                   output.seq_relationship_logits - expected["same_origin"]]
largest = max(difference.abs().max().item() for difference in differences)
print(f"{kind}: largest difference {largest:.2e}")
sys.exit(0 if largest < TOLERANCE else 1)
