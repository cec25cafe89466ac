"""Writes what Hugging Face Transformers finds when it searches translations of a tiny T5.

    pip install torch transformers     # made with torch 2.15 and transformers 5.24
    python test/parity/make_beam_goldens.py          # rewrites test/parity/goldens/beam-search.json

The model is Transformers' own `T5ForConditionalGeneration` in float32 with weights drawn so that translations end at
different lengths. Sources of one batch are padded.

beam-search.json  {config, weights, sources, maxTokens, cases: [{beams, lengthPenalty, found: [[{ids, score}]]}]}
                  found: of each source the hypotheses, best first; ids without the start token, with the end of text
                  where there is one; one beam has no score, as Transformers then searches greedily
"""
import json, pathlib
import numpy as np
import torch
from transformers import GenerationConfig, T5Config, T5ForConditionalGeneration

FOLDER = pathlib.Path(__file__).parent / "goldens"
PAD, END, MAX_TOKENS = 0, 1, 12
LENGTHS = (2, 5, 9, 3, 7, 12)
SIZES = dict(vocab_size=20, d_model=12, d_kv=6, d_ff=16, num_layers=2, num_decoder_layers=2, num_heads=2,
             feed_forward_proj="gated-gelu", relative_attention_num_buckets=8, relative_attention_max_distance=16)


def rounded(tensor):
    return dict(shape=list(tensor.shape), data=[float("%.9g" % np.float32(x)) for x in tensor.detach().flatten().tolist()])


def translator():
    config = T5Config(**SIZES, tie_word_embeddings=True, pad_token_id=PAD, eos_token_id=END, decoder_start_token_id=PAD)
    model = T5ForConditionalGeneration(config).eval()
    torch.manual_seed(37)
    for name, p in model.named_parameters():
        p.data = 1 + 0.3 * torch.randn(p.shape) if "norm" in name else 0.5 * torch.randn(p.shape)
    model.shared.weight.data *= 1.5
    return model


def search(model, ids, valid, beams, length_penalty):
    settings = GenerationConfig(max_new_tokens=MAX_TOKENS, num_beams=beams, num_return_sequences=beams,
                                length_penalty=length_penalty, early_stopping=False, do_sample=False, pad_token_id=PAD,
                                eos_token_id=END, decoder_start_token_id=PAD, output_scores=True,
                                return_dict_in_generate=True)
    found = model.generate(ids, attention_mask=valid, generation_config=settings)
    scores = found.sequences_scores.tolist() if beams > 1 else [None] * len(ids)
    hypotheses = [dict(ids=written(row), score=score) for row, score in zip(found.sequences.tolist(), scores)]
    return [[h for h in hypotheses[i:i + beams] if h["score"] is None or h["score"] > -1e8]
            for i in range(0, len(hypotheses), beams)]


def written(row):
    row = row[1:]
    return row[:row.index(END) + 1] if END in row else row[:MAX_TOKENS]


def golden():
    model = translator()
    time = max(LENGTHS)
    valid = (torch.arange(time) < torch.tensor(LENGTHS)[:, None]).long()
    ids = torch.randint(2, SIZES["vocab_size"], (len(LENGTHS), time)) * valid
    cases = [dict(beams=beams, lengthPenalty=penalty, found=search(model, ids, valid, beams, penalty))
             for beams, penalty in [(1, 1.0), (2, 1.0), (4, 0.6), (4, 1.0), (4, 2.0), (7, -0.5)]]
    sources = [row[:length] for row, length in zip(ids.tolist(), LENGTHS)]
    return dict(config=model.config.to_dict(), weights={name: rounded(p) for name, p in model.named_parameters()},
                sources=sources, maxTokens=MAX_TOKENS, cases=cases)


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    text = json.dumps(golden(), separators=(",", ":"))
    (FOLDER / "beam-search.json").write_text(text + "\n")
