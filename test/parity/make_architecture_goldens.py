"""Writes small models of Transformers' own code, and what it computes with them.

    pip install torch transformers safetensors
    python test/parity/make_architecture_goldens.py          # rewrites test/parity/goldens/architectures/

Made with transformers 5.24 and torch 2.15, in float32. Each folder is what `save_pretrained` writes (config.json in the
form of version 5, model.safetensors) with random weights, and golden.json:
    inputIds    [batch][time];  targets the same, the token to predict at that place, -100 where ignored
    logits      {shape, data};  loss: the mean over the targets that are not ignored
    gradients   {name: {shape, data}} of that loss, of some parameters of the first and the last layer
    greedy      {prompt, continuation}: argmax token ids, written with Transformers' own cache
"""
import json, math, pathlib, shutil
import numpy as np
import torch
import transformers
from transformers import AutoModelForCausalLM, Gemma3TextConfig, LlamaConfig, Qwen2Config, SmolLM3Config

FOLDER = pathlib.Path(__file__).parent / "goldens" / "architectures"
BATCH, TIME, CONTEXT, VOCAB, IGNORED = 2, 14, 40, 31, -100
SIZES = dict(vocab_size=VOCAB, hidden_size=16, intermediate_size=24, num_attention_heads=4, num_key_value_heads=2,
             max_position_embeddings=CONTEXT, pad_token_id=None, bos_token_id=None, eos_token_id=None)
# The original context is so short that of the four pairs of a head one is kept, one between, two slower.
LLAMA3 = dict(rope_type="llama3", rope_theta=50.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=32)
MODELS = {
    "llama3": LlamaConfig(**SIZES, head_dim=8, num_hidden_layers=2, rope_parameters=LLAMA3, rms_norm_eps=1e-5),
    "qwen2": Qwen2Config(**SIZES, num_hidden_layers=2, tie_word_embeddings=True, rope_theta=1000.0),
    "smollm3": SmolLM3Config(**SIZES, num_hidden_layers=4, rope_theta=100.0),
    "gemma3": Gemma3TextConfig(
        **SIZES, head_dim=8, num_hidden_layers=3, sliding_window=5, query_pre_attn_scalar=6,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        rope_parameters=dict(full_attention=dict(rope_type="linear", factor=4.0, rope_theta=1000.0),
                             sliding_attention=dict(rope_type="default", rope_theta=100.0))),
}
SOME = ("embed_tokens", "layers.0.self_attn.q_proj", "layers.0.self_attn.k_proj", "layers.0.self_attn.v_proj.bias",
        "self_attn.q_norm", "layernorm", "norm.weight", "mlp.gate_proj", "lm_head")


def fill(model, random):
    """Everything is perturbed, norms around their neutral value, so that no gradient is zero or the same everywhere."""
    for parameter in model.parameters():
        scale = 0.25 if parameter.dim() == 2 else 0.1
        noise = scale * torch.randn(parameter.shape, generator=random)
        neutral = 1.0 if parameter.dim() == 1 and parameter.detach().mean() == 1 else 0.0
        parameter.data = (neutral + noise).bfloat16().float()  # few digits, so that small files say all of it


def golden(config, seed):
    random = torch.Generator().manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32).eval()
    fill(model, random)
    sequence = torch.randint(0, VOCAB, (BATCH, TIME + 1), generator=random)
    ids, targets = sequence[:, :-1], sequence[:, 1:].clone()
    targets[0, :3] = targets[1, 7] = IGNORED
    logits = model(ids).logits
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)
    loss.backward()
    layers = config.num_hidden_layers
    inside = lambda name: not any(f"layers.{i}." in name for i in range(1, layers - 1))
    gradients = {n: tensor(p.grad) for n, p in model.named_parameters() if inside(n) and any(s in n for s in SOME)}
    return model, dict(inputIds=ids.tolist(), targets=targets.tolist(), logits=tensor(logits), loss=rounded(loss.item()),
                       gradients=gradients, greedy=greedy(model, random))


@torch.no_grad()
def greedy(model, random, length=12, tries=100):
    """Of many random prompts, the one whose continuation varies most, of those that are no close choice anywhere."""
    best = None
    for prompt in torch.randint(0, VOCAB, (tries, 1, 6), generator=random):
        out = model.generate(prompt, max_new_tokens=length, min_new_tokens=length, do_sample=False, pad_token_id=0,
                             output_scores=True, return_dict_in_generate=True)
        top = torch.stack(out.scores)[:, 0].topk(2).values
        if (top[:, 0] - top[:, 1]).min() < 0.02:
            continue
        written = out.sequences[0, 6:].tolist()
        if best is None or len(set(written)) > len(set(best[1])):
            best = (prompt[0].tolist(), written)
    assert len(set(best[1])) >= 4, best
    return dict(prompt=best[0], continuation=best[1])


def rounded(x):
    """The shortest decimal that reads back as the same float32."""
    return float(str(np.float32(x)))


def tensor(x):
    return dict(shape=list(x.shape), data=[rounded(v) for v in x.detach().flatten().tolist()])


if __name__ == "__main__":
    for seed, (name, config) in enumerate(MODELS.items()):
        folder = FOLDER / name
        shutil.rmtree(folder, ignore_errors=True)
        model, values = golden(config, seed + 1)
        model.save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        about = f"Made by test/parity/make_architecture_goldens.py with transformers {transformers.__version__}, torch {torch.__version__}."
        text = json.dumps({"about": about, **values}, separators=(",", ":"))
        (folder / "golden.json").write_text(text.replace('},"', '},\n"') + "\n")
        print(name, len(text) // 1000, "kB", values["loss"], values["greedy"])
