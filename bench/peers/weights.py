"""Writes initial weights and one batch of random ids for the GPT-2 yardsticks: WEIGHTS.npz and WEIGHTS.safetensors.
Run: python weights.py LAYERS HEADS WIDTH VOCAB BATCH CONTEXT WEIGHTS   (needs NumPy only; WEIGHTS has no extension)

Matrices are stored [inputs, outputs] as in OpenAI's GPT-2; names are those of bench/pytorch_gpt2.py.
"""
import json, sys
import numpy as np


def shapes(layers, width, vocab, context):
    yield "tokens.weight", (vocab, width)
    yield "positions.weight", (context, width)
    for i in range(layers):
        for name, inputs, outputs in [("norm_1", 0, width), ("query_key_value", width, 3 * width), ("mix", width, width),
                                      ("norm_2", 0, width), ("up", width, 4 * width), ("down", 4 * width, width)]:
            yield f"blocks.{i}.{name}.weight", (inputs, outputs) if inputs else (outputs,)
            yield f"blocks.{i}.{name}.bias", (outputs,)
    yield "norm.weight", (width,)
    yield "norm.bias", (width,)


def initial(rng, name, shape):
    if len(shape) == 2:
        return rng.standard_normal(shape, dtype=np.float32) * np.float32(0.02)
    return (np.zeros if name.endswith("bias") else np.ones)(shape, np.float32)


def write_safetensors(path, tensors):
    header, at = {}, 0
    for name, tensor in tensors.items():
        kind = {"float32": "F32", "int32": "I32"}[str(tensor.dtype)]
        header[name] = {"dtype": kind, "shape": tensor.shape, "data_offsets": [at, at := at + tensor.nbytes]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            file.write(tensor.tobytes())


def main():
    if len(sys.argv) != 8:
        sys.exit("usage: weights.py LAYERS HEADS WIDTH VOCAB BATCH CONTEXT WEIGHTS")
    layers, _, width, vocab, batch, context = map(int, sys.argv[1:7])
    rng = np.random.default_rng(0)
    tensors = {name: initial(rng, name, shape) for name, shape in shapes(layers, width, vocab, context)}
    tensors["ids"], tensors["targets"] = rng.integers(0, vocab, (2, batch, context), dtype=np.int32)
    np.savez(sys.argv[7] + ".npz", **tensors)
    write_safetensors(sys.argv[7] + ".safetensors", tensors)


if __name__ == "__main__":
    main()
