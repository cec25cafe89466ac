import { expect, it } from "vitest";
import { input } from "../graph/tensor.js";
import { fillNormal, randomStream } from "../random.js";
import { nodeRuntime } from "../runtime/node.js";
import { compile, hostTensor, int64Tensor } from "../runtime/session.js";
import { scatterAdd } from "./gather.js";

it("adds up repeated rows in one order, whatever the number of threads", async () => {
  const [count, rows, width] = [1024, 256, 384]; // 393,216 numbers: work for two threads
  const x = input<"r w">("x", "float32", [rows, width]);
  const graph = {
    y: scatterAdd(x, input("at", "int64", [4, count / 4]), input("by", "float32", [4, count / 4, width])),
  };
  const by = new Float32Array(count * width);
  fillNormal(by, randomStream(1, "updates"), 1);
  const at = Int32Array.from({ length: count }, (_, i) => (i * 7 + ((i * i) % 11)) % rows);
  const feeds = {
    x: hostTensor("float32", [rows, width]),
    at: int64Tensor(at, [4, count / 4]),
    by: hostTensor("float32", [4, count / 4, width], by),
  };
  const expected = new Float32Array(rows * width);
  at.forEach((row, i) => {
    for (let k = 0; k < width; k++) expected[row * width + k] += by[i * width + k];
  });
  for (const threads of [1, 2]) {
    const { run, release } = await compile(nodeRuntime, graph, { threads, spin: false });
    for (let turn = 0; turn < 10; turn++) expect((await run(feeds)).y.data).toEqual(expected);
    await release();
  }
});
