"""The yardstick in Keras on TensorFlow: STEPS training steps of a GPT-2 decoder on the CPU, float32, one tf.function.
Run: python tensorflow_gpt2.py LAYERS HEADS WIDTH VOCAB BATCH CONTEXT WEIGHTS STEPS [xla]   (WEIGHTS from weights.py)

WEIGHTS has no extension. Keras adds epsilon before it corrects the bias of v, so losses drift from the others in the fifth
digit. With xla the step is compiled (jit_compile=True). The first step's seconds include tracing.
"""
import json, math, os, sys, time

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import keras
import numpy as np
import tensorflow as tf
from keras import layers as kl


class Block:
    """Pre-norm attention and MLP, each added to the stream."""

    def __init__(self, heads, width):
        self.heads = heads
        self.norm_1, self.norm_2 = kl.LayerNormalization(epsilon=1e-5), kl.LayerNormalization(epsilon=1e-5)
        self.query_key_value, self.mix = kl.Dense(3 * width), kl.Dense(width)
        self.up, self.down = kl.Dense(4 * width), kl.Dense(width)

    def __call__(self, x, past):
        x = x + self.mix(self.attend(self.query_key_value(self.norm_1(x)), past))
        return x + self.down(keras.activations.gelu(self.up(self.norm_2(x)), approximate=True))

    def attend(self, qkv, past):
        batch, context, width = qkv.shape[0], qkv.shape[1], qkv.shape[2] // 3
        split = tf.reshape(qkv, (batch, context, 3, self.heads, width // self.heads))
        q, k, v = tf.unstack(tf.transpose(split, (2, 0, 3, 1, 4)))
        scores = tf.matmul(q, k, transpose_b=True) * (1 / math.sqrt(width // self.heads))
        y = tf.matmul(tf.nn.softmax(tf.where(past, scores, -math.inf)), v)
        return tf.reshape(tf.transpose(y, (0, 2, 1, 3)), (batch, context, width))


class GPT2:
    """Token and position embeddings, blocks, final norm, head tied to the token embedding; returns the loss."""

    def __init__(self, layers, heads, width, vocab, context):
        self.tokens, self.positions = kl.Embedding(vocab, width), kl.Embedding(context, width)
        self.blocks = [Block(heads, width) for _ in range(layers)]
        self.norm = kl.LayerNormalization(epsilon=1e-5)
        self.past = tf.linalg.band_part(tf.ones((context, context), tf.bool), -1, 0)
        self.positions.build()

    def __call__(self, ids, targets):
        x = self.tokens(ids) + self.positions.embeddings
        for block in self.blocks:
            x = block(x, self.past)
        logits = tf.matmul(self.norm(x), self.tokens.embeddings[None], transpose_b=True)
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits))

    def named(self):
        parts = {"tokens": self.tokens, "positions": self.positions, "norm": self.norm}
        for i, block in enumerate(self.blocks):
            parts |= {f"blocks.{i}.{name}": part for name, part in vars(block).items() if isinstance(part, kl.Layer)}
        for name, part in parts.items():
            for kind, variable in zip(("weight", "bias"), part.trainable_variables):
                yield f"{name}.{kind}", variable


def main():
    if len(sys.argv) not in (9, 10) or sys.argv[9:] not in ([], ["xla"]):
        sys.exit("usage: tensorflow_gpt2.py LAYERS HEADS WIDTH VOCAB BATCH CONTEXT WEIGHTS STEPS [xla]")
    layers, heads, width, vocab, _, context = map(int, sys.argv[1:7])
    stored = dict(np.load(sys.argv[7] + ".npz"))
    ids, targets = tf.constant(stored.pop("ids")), tf.constant(stored.pop("targets"))
    model = GPT2(layers, heads, width, vocab, context)
    model(ids, targets)  # builds the layers
    for name, variable in model.named():
        variable.assign(stored.pop(name))
    assert not stored, f"weights left over: {list(stored)}"
    variables = [variable for _, variable in model.named()]
    optimizer = keras.optimizers.AdamW(3e-4, weight_decay=0.1, beta_1=0.9, beta_2=0.999, epsilon=1e-8)
    optimizer.build(variables)

    @tf.function(jit_compile=sys.argv[9:] == ["xla"])
    def step(ids, targets):
        with tf.GradientTape() as tape:
            loss = model(ids, targets)
        optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)
        return loss

    losses, seconds = [], []
    for _ in range(int(sys.argv[8])):
        start = time.perf_counter()
        losses.append(float(step(ids, targets)))
        seconds.append(time.perf_counter() - start)
    version = f"tensorflow {tf.__version__}, keras {keras.__version__}"
    print(json.dumps({"losses": losses, "seconds": seconds, "version": version}))


if __name__ == "__main__":
    main()
