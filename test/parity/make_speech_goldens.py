"""Writes what Hugging Face Transformers says a tiny speech recogniser computes.

    pip install torch transformers     # made with torch 2.15 and transformers 5.24
    python test/parity/make_speech_goldens.py          # rewrites test/parity/goldens/speech-ctc.json

The model is Transformers' own `Wav2Vec2BertForCTC` with rotary positions, in float64, rounded to float32 once, at the
end. Of two recordings the second is padded.

speech-ctc.json  {config, weights, features, valid, masked, cotangent, shown: {logits, gradients}, hidden: the like}
                 config is what Transformers would write; gradients are those of sum(logits * cotangent);
                 `hidden` replaces the frames that `masked` names by `masked_spec_embed`, `shown` none
"""
import json, pathlib
import numpy as np
import torch
from transformers import Wav2Vec2BertConfig, Wav2Vec2BertForCTC

FOLDER = pathlib.Path(__file__).parent / "goldens"
SIZES = dict(feature_projection_input_dim=6, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
             intermediate_size=12, conv_depthwise_kernel_size=5, vocab_size=7)
LENGTHS, TIME = (9, 6), 9


def rounded(tensor):
    return dict(shape=list(tensor.shape), data=[float("%.9g" % np.float32(x)) for x in tensor.detach().flatten().tolist()])


def named(model, of):
    return {name: rounded(of(p)) for name, p in model.named_parameters() if of(p) is not None}


def recogniser():
    config = Wav2Vec2BertConfig(**SIZES, position_embeddings_type="rotary", attn_implementation="eager")
    model = Wav2Vec2BertForCTC(config).double().eval()
    torch.manual_seed(1)
    for name, p in model.named_parameters():  # float32 numbers, none at a special value
        centre = 1.0 if "norm" in name and name.endswith("weight") else 0.0
        p.data = (centre + 0.3 * torch.randn(p.shape)).float().double()
    rotary = model.wav2vec2_bert.encoder.embed_positions
    head = SIZES["hidden_size"] // SIZES["num_attention_heads"]
    rotary.inv_freq = 10000.0 ** (-torch.arange(0, head, 2, dtype=torch.float64) / head)
    return model


def run(model, features, valid, cotangent, **given):
    model.zero_grad()
    logits = model(features, attention_mask=valid, **given).logits
    (logits * cotangent).sum().backward()
    return dict(logits=rounded(logits), gradients=named(model, lambda p: p.grad))


def golden():
    model = recogniser()
    shape = (len(LENGTHS), TIME)
    features = torch.randn(*shape, SIZES["feature_projection_input_dim"]).float().double()
    cotangent = torch.randn(*shape, SIZES["vocab_size"]).float().double()
    valid = (torch.arange(TIME) < torch.tensor(LENGTHS)[:, None]).long()
    masked = torch.zeros(shape, dtype=torch.bool)
    masked[0, 2:5] = masked[1, 0:2] = True
    return dict(config=model.config.to_dict(), weights=named(model, lambda p: p), features=rounded(features),
                valid=rounded(valid), masked=rounded(masked.long()), cotangent=rounded(cotangent),
                shown=run(model, features, valid, cotangent),
                hidden=run(model, features, valid, cotangent, mask_time_indices=masked))


(FOLDER / "speech-ctc.json").write_text(json.dumps(golden(), separators=(",", ":")) + "\n")
