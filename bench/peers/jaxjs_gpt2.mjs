/** The yardstick in jax-js: STEPS training steps (forward, backward, AdamW) of a GPT-2 decoder on WebAssembly, one jit.
 * Run: node jaxjs_gpt2.mjs LAYERS HEADS WIDTH VOCAB BATCH CONTEXT WEIGHTS STEPS   (WEIGHTS from weights.py)
 *
 * WEIGHTS has no extension. Node lacks Worker, so jax-js runs on one thread.
 * The first step's seconds include tracing and compilation. */
import { readFileSync } from "node:fs";
import { blockUntilReady, init, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { readSafetensors } from "./safetensors.mjs";

const [RATE, DECAY, BETA1, BETA2, EPSILON] = [3e-4, 0.1, 0.9, 0.999, 1e-8];
if (process.argv.length !== 10) {
  console.error("usage: jaxjs_gpt2.mjs LAYERS HEADS WIDTH VOCAB BATCH CONTEXT WEIGHTS STEPS");
  process.exit(1);
}
const [layers, heads, width, , batch, context] = process.argv.slice(2, 8).map(Number);
const steps = Number(process.argv[9]);
await init("wasm");

const affine = (p, name, x) => x.mul(p[`${name}.weight`]).add(p[`${name}.bias`]);
const norm = (p, name, x) => affine(p, name, nn.standardize(x, -1));
const linear = (p, name, x) => np.matmul(x, p[`${name}.weight`]).add(p[`${name}.bias`]);

/** By hand: jax-js 0.1's dotProductAttention needs the iterator helpers of Node 22. */
function attend(qkv) {
  const split = (part) => part.reshape([batch, context, heads, width / heads]).transpose([0, 2, 1, 3]);
  const [q, k, v] = np.split(qkv, 3, -1).map(split);
  const scores = np.matmul(q, k.transpose([0, 1, 3, 2])).mul(1 / Math.sqrt(width / heads));
  const past = np.tri(context, context, 0, { dtype: np.bool });
  const y = np.matmul(nn.softmax(np.where(past, scores, -Infinity), -1), v);
  return y.transpose([0, 2, 1, 3]).reshape([batch, context, width]);
}

/** Takes ownership of its arguments, as all functions of jax-js do. */
function lossOf(p, ids, targets) {
  let x = np.take(p["tokens.weight"].ref, ids, 0).add(p["positions.weight"]);
  for (let i = 0; i < layers; i++) {
    const name = `blocks.${i}`;
    const attended = attend(linear(p, `${name}.query_key_value`, norm(p, `${name}.norm_1`, x.ref)));
    x = x.add(linear(p, `${name}.mix`, attended));
    const up = linear(p, `${name}.up`, norm(p, `${name}.norm_2`, x.ref));
    x = x.add(linear(p, `${name}.down`, nn.gelu(up, { approximate: true })));
  }
  const logits = np.matmul(norm(p, "norm", x), p["tokens.weight"].transpose());
  const picked = np.takeAlongAxis(logits.ref, targets.reshape([batch, context, 1]), -1);
  return nn.logsumexp(logits, -1, { keepdims: true }).sub(picked).mean();
}

function adamw(p, g, m, v, t) {
  m = m.mul(BETA1).add(g.ref.mul(1 - BETA1));
  v = v.mul(BETA2).add(np.square(g).mul(1 - BETA2));
  const corrected = (beta) => np.subtract(1, np.power(beta, t.ref));
  const root = np.sqrt(v.ref.div(corrected(BETA2))).add(EPSILON);
  const change = m.ref.div(corrected(BETA1)).div(root).mul(RATE);
  return [p.mul(1 - RATE * DECAY).sub(change), m, v];
}

const step = jit((p, m, v, t, ids, targets) => {
  const [loss, g] = valueAndGrad(lossOf)(tree.ref(p), ids, targets);
  const next = [{}, {}, {}];
  for (const name in p) {
    for (const [i, array] of adamw(p[name], g[name], m[name], v[name], t).entries()) next[i][name] = array;
  }
  return [loss, ...next, t.add(1)];
});

const stored = readSafetensors(`${process.argv[8]}.safetensors`);
const arrayOf = ({ data, shape }) =>
  np.array(data, { dtype: data instanceof Int32Array ? np.int32 : np.float32 }).reshape(shape);
const { ids, targets, ...p } = Object.fromEntries(
  Object.entries(stored).map(([name, tensor]) => [name, arrayOf(tensor)]),
);
const zeros = () => Object.fromEntries(Object.entries(p).map(([name, { shape }]) => [name, np.zeros(shape)]));
let state = [p, zeros(), zeros(), np.array(1)];
const losses = [];
const seconds = [];
for (let i = 0; i < steps; i++) {
  const start = performance.now();
  const [loss, ...next] = step(...state, ids.ref, targets.ref);
  state = await blockUntilReady(next);
  losses.push(await loss.jsAsync());
  seconds.push((performance.now() - start) / 1000);
}
const { version } = JSON.parse(
  readFileSync(new URL("node_modules/@jax-js/jax/package.json", import.meta.url), "utf8"),
);
console.log(JSON.stringify({ losses, seconds, version: `@jax-js/jax ${version}` }));
process.exit();
