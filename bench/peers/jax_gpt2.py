"""The yardstick in JAX: STEPS training steps (forward, backward, AdamW) of a GPT-2 decoder on the CPU, float32, one jit.
Run: python jax_gpt2.py LAYERS HEADS WIDTH VOCAB BATCH CONTEXT WEIGHTS STEPS   (WEIGHTS from weights.py, no extension)

The first step's seconds include compilation.
"""
import json, math, os, sys, time

os.environ.setdefault("JAX_PLATFORMS", "cpu")
import jax
import jax.numpy as jnp
import numpy as np

RATE, DECAY, BETA1, BETA2, EPSILON = 3e-4, 0.1, 0.9, 0.999, 1e-8


def norm(p, name, x):
    centred = x - x.mean(-1, keepdims=True)
    scale = jax.lax.rsqrt(jnp.square(centred).mean(-1, keepdims=True) + 1e-5)
    return centred * scale * p[f"{name}.weight"] + p[f"{name}.bias"]


def linear(p, name, x):
    return x @ p[f"{name}.weight"] + p[f"{name}.bias"]


def attend(qkv, heads):
    batch, context, width = qkv.shape[0], qkv.shape[1], qkv.shape[2] // 3
    q, k, v = qkv.reshape(batch, context, 3, heads, width // heads).transpose(2, 0, 3, 1, 4)
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(width // heads)
    past = jnp.tril(jnp.ones((context, context), bool))
    y = jax.nn.softmax(jnp.where(past, scores, -jnp.inf)) @ v
    return y.swapaxes(1, 2).reshape(batch, context, width)


def loss_of(p, ids, targets, layers, heads):
    x = p["tokens.weight"][ids] + p["positions.weight"]
    for i in range(layers):
        name = f"blocks.{i}"
        qkv = linear(p, f"{name}.query_key_value", norm(p, f"{name}.norm_1", x))
        x = x + linear(p, f"{name}.mix", attend(qkv, heads))
        up = linear(p, f"{name}.up", norm(p, f"{name}.norm_2", x))
        x = x + linear(p, f"{name}.down", jax.nn.gelu(up, approximate=True))
    logits = norm(p, "norm", x) @ p["tokens.weight"].T
    picked = jnp.take_along_axis(logits, targets[..., None], -1)[..., 0]
    return (jax.nn.logsumexp(logits, -1) - picked).mean()


def adamw(p, g, m, v, t):
    m, v = BETA1 * m + (1 - BETA1) * g, BETA2 * v + (1 - BETA2) * g * g
    root = jnp.sqrt(v / (1 - BETA2**t)) + EPSILON
    return p * (1 - RATE * DECAY) - RATE * (m / (1 - BETA1**t)) / root, m, v


def step_of(layers, heads):
    def step(state, ids, targets):
        p, m, v, t = state
        loss, g = jax.value_and_grad(loss_of)(p, ids, targets, layers, heads)
        new = {name: adamw(p[name], g[name], m[name], v[name], t) for name in p}
        return (*({name: n[i] for name, n in new.items()} for i in range(3)), t + 1), loss

    return jax.jit(step, donate_argnums=0)


def main():
    if len(sys.argv) != 9:
        sys.exit("usage: jax_gpt2.py LAYERS HEADS WIDTH VOCAB BATCH CONTEXT WEIGHTS STEPS")
    layers, heads, steps = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[8])
    p = {name: jnp.asarray(array) for name, array in np.load(sys.argv[7] + ".npz").items()}
    ids, targets = p.pop("ids"), p.pop("targets")
    zeros = lambda: {name: jnp.zeros_like(array) for name, array in p.items()}
    state, step = (p, zeros(), zeros(), jnp.float32(1)), step_of(layers, heads)
    losses, seconds = [], []
    for _ in range(steps):
        start = time.perf_counter()
        state, loss = jax.block_until_ready(step(state, ids, targets))
        seconds.append(time.perf_counter() - start)
        losses.append(loss.item())
    print(json.dumps({"losses": losses, "seconds": seconds, "version": jax.__version__}))


if __name__ == "__main__":
    main()
