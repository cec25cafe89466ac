"""Writes what Hugging Face Transformers says tiny T5 models compute.

    pip install torch transformers     # made with torch 2.15 and transformers 5.24
    python test/parity/make_t5_goldens.py              # rewrites test/parity/goldens/t5.json

The models are Transformers' own `T5ForConditionalGeneration`, in float64, rounded to float32 once, at the end. Of two
sources the second is padded.

t5.json  {models: {name: {config, weights, source, valid, inputs, cotangent, logits, gradients}}, buckets: [...]}
         config is what Transformers writes; gradients are those of sum(logits * cotangent);
         buckets: {count, maxDistance, bidirectional, numbers}, the bucket of each distance from -200 to 200
"""
import json, pathlib
import numpy as np
import torch
from transformers import T5Config, T5ForConditionalGeneration
from transformers.models.t5.modeling_t5 import T5Attention

FOLDER = pathlib.Path(__file__).parent / "goldens"
SIZES = dict(vocab_size=11, d_model=8, d_kv=3, d_ff=10, num_layers=2, num_decoder_layers=1, num_heads=2,
             relative_attention_num_buckets=8, relative_attention_max_distance=6, dropout_rate=0.0,
             decoder_start_token_id=0, pad_token_id=0, eos_token_id=1, attn_implementation="eager")
LENGTHS, SOURCE, TARGET = (9, 5), 9, 7


def rounded(tensor):
    return dict(shape=list(tensor.shape), data=[float("%.9g" % np.float32(x)) for x in tensor.detach().flatten().tolist()])


def named(model, of):
    return {name: rounded(of(p)) for name, p in model.named_parameters() if of(p) is not None}


def golden(own_head=False, **change):
    model = T5ForConditionalGeneration(T5Config(**SIZES, **change, tie_word_embeddings=not own_head)).double().eval()
    if own_head:  # Transformers 5 ties it at first, and unties it for a checkpoint that has another one
        model.lm_head.weight = torch.nn.Parameter(torch.empty_like(model.shared.weight))
    torch.manual_seed(1)
    for name, p in model.named_parameters():  # float32 numbers, none at a special value
        centre = 1.0 if "norm" in name else 0.0
        p.data = (centre + 0.5 * torch.randn(p.shape)).float().double()
    ids = lambda *shape: torch.randint(2, SIZES["vocab_size"], shape)
    source, inputs = ids(len(LENGTHS), SOURCE), ids(len(LENGTHS), TARGET)
    inputs[:, 0] = 0
    valid = (torch.arange(SOURCE) < torch.tensor(LENGTHS)[:, None]).long()
    cotangent = torch.randn(len(LENGTHS), TARGET, SIZES["vocab_size"]).float().double()
    logits = model(source, attention_mask=valid, decoder_input_ids=inputs).logits
    (logits * cotangent).sum().backward()
    return dict(config=model.config.to_dict(), weights=named(model, lambda p: p), source=rounded(source),
                valid=rounded(valid), inputs=rounded(inputs), cotangent=rounded(cotangent), logits=rounded(logits),
                gradients=named(model, lambda p: p.grad))


def buckets(count, distance, bidirectional):
    ahead = torch.arange(-200, 201)
    numbers = T5Attention._relative_position_bucket(ahead, bidirectional, count, distance)
    return dict(count=count, maxDistance=distance, bidirectional=bidirectional, numbers=numbers.tolist())


models = {
    "1.1, own head": golden(own_head=True, feed_forward_proj="gated-gelu"),
    "1.1, tied head": golden(feed_forward_proj="gated-gelu"),
    "1.0": golden(feed_forward_proj="relu"),
}
kinds = [(32, 128), (8, 6), (20, 100)]
edges = [buckets(count, distance, both) for count, distance in kinds for both in (True, False)]
(FOLDER / "t5.json").write_text(json.dumps(dict(models=models, buckets=edges), separators=(",", ":")) + "\n")
