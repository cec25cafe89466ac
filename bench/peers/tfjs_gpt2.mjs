/** The yardstick in TensorFlow.js: STEPS training steps (forward, backward, AdamW) of a GPT-2 decoder, float32.
 * Run: node tfjs_gpt2.mjs LAYERS HEADS WIDTH VOCAB BATCH CONTEXT WEIGHTS STEPS wasm|node   (see weights.py)
 *
 * WEIGHTS has no extension. wasm is what Node gets from the package: SIMD, one thread; node is @tensorflow/tfjs-node,
 * native TensorFlow. */
import { createRequire } from "node:module";
import { readSafetensors } from "./safetensors.mjs";

const [RATE, DECAY, BETA1, BETA2, EPSILON] = [3e-4, 0.1, 0.9, 0.999, 1e-8];
const backend = process.argv[10];
if (process.argv.length !== 11 || !["wasm", "node"].includes(backend)) {
  console.error("usage: tfjs_gpt2.mjs LAYERS HEADS WIDTH VOCAB BATCH CONTEXT WEIGHTS STEPS wasm|node");
  process.exit(1);
}
const [layers, heads, width, vocab, batch, context] = process.argv.slice(2, 8).map(Number);
const rows = batch * context;
const require = createRequire(import.meta.url);
const tf = require(backend === "node" ? "@tensorflow/tfjs-node" : "@tensorflow/tfjs");
if (backend === "wasm") {
  require("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend("wasm");
}

/** Rows of a table; its gradient by scatterND, as the WebAssembly backend lacks the segment sum of tf.gather's. */
const embed = tf.customGrad((table, ids, save) => {
  save([ids]);
  const gradient = (dy, [saved]) => [
    tf.scatterND(tf.reshape(saved, [rows, 1]), dy, [vocab, width]),
    tf.zerosLike(saved),
  ];
  return { value: tf.gather(table, ids), gradFunc: gradient };
});

/** A product whose gradient transposes first: for transposed factors this backend has plain loops in place of XNNPACK. */
const product = tf.customGrad((a, b, save) => {
  save([a, b]);
  const gradient = (dy, [left, right]) => [
    tf.matMul(dy, tf.transpose(right)),
    tf.matMul(tf.transpose(left), dy),
  ];
  return { value: tf.matMul(a, b), gradFunc: gradient };
});

function norm(p, name, x) {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-5));
  return tf.add(tf.mul(tf.mul(centred, scale), p[`${name}.weight`]), p[`${name}.bias`]);
}

const linear = (p, name, x) => tf.add(product(x, p[`${name}.weight`]), p[`${name}.bias`]);

function gelu(x) {
  const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x)))));
  return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
}

function attend(qkv, future) {
  const split = (part) =>
    tf.transpose(tf.reshape(part, [batch, context, heads, width / heads]), [0, 2, 1, 3]);
  const [q, k, v] = tf.split(qkv, 3, -1).map(split);
  const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(width / heads));
  const y = tf.matMul(tf.softmax(tf.add(scores, future)), v);
  return tf.reshape(tf.transpose(y, [0, 2, 1, 3]), [rows, width]);
}

function lossOf(p, ids, targets, future) {
  const tokens = tf.reshape(embed(p["tokens.weight"], ids), [batch, context, width]);
  let x = tf.reshape(tf.add(tokens, p["positions.weight"]), [rows, width]);
  for (let i = 0; i < layers; i++) {
    const name = `blocks.${i}`;
    const qkv = linear(p, `${name}.query_key_value`, norm(p, `${name}.norm_1`, x));
    x = tf.add(x, linear(p, `${name}.mix`, attend(qkv, future)));
    const up = linear(p, `${name}.up`, norm(p, `${name}.norm_2`, x));
    x = tf.add(x, linear(p, `${name}.down`, gelu(up)));
  }
  const logits = product(norm(p, "norm", x), tf.transpose(p["tokens.weight"]));
  return tf.losses.softmaxCrossEntropy(tf.oneHot(targets, vocab), logits);
}

function adamw(p, g, moments, t) {
  const m = tf.add(tf.mul(moments.m, BETA1), tf.mul(g, 1 - BETA1));
  const v = tf.add(tf.mul(moments.v, BETA2), tf.mul(tf.square(g), 1 - BETA2));
  const root = tf.add(tf.sqrt(tf.div(v, 1 - BETA2 ** t)), EPSILON);
  const change = tf.div(tf.mul(m, RATE / (1 - BETA1 ** t)), root);
  p.assign(tf.sub(tf.mul(p, 1 - RATE * DECAY), change));
  moments.m.assign(m);
  moments.v.assign(v);
}

const stored = readSafetensors(`${process.argv[8]}.safetensors`);
const { ids, targets } = Object.fromEntries(
  ["ids", "targets"].map((name) => [name, tf.tensor1d(stored[name].data, "int32")]),
);
delete stored.ids;
delete stored.targets;
const variable = ({ data, shape }, trainable = true) => tf.variable(tf.tensor(data, shape), trainable);
const zeros = ({ shape }) => tf.variable(tf.zeros(shape), false);
const p = Object.fromEntries(Object.entries(stored).map(([name, tensor]) => [name, variable(tensor)]));
const moments = Object.fromEntries(
  Object.entries(stored).map(([name, tensor]) => [name, { m: zeros(tensor), v: zeros(tensor) }]),
);
const masked = Float32Array.from({ length: context ** 2 }, (_, i) =>
  i % context > Math.floor(i / context) ? -1e9 : 0,
);
const future = tf.tensor(masked, [context, context]);
const names = new Map(Object.entries(p).map(([name, { name: given }]) => [given, name]));
const losses = [];
const seconds = [];
for (let t = 1; t <= Number(process.argv[9]); t++) {
  const start = performance.now();
  losses.push(
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => lossOf(p, ids, targets, future), Object.values(p));
      for (const [given, g] of Object.entries(grads))
        adamw(p[names.get(given)], g, moments[names.get(given)], t);
      return value.dataSync()[0];
    }),
  );
  seconds.push((performance.now() - start) / 1000);
}
console.log(JSON.stringify({ losses, seconds, version: `tfjs ${tf.version["tfjs-core"]}, ${backend}` }));
process.exit();
