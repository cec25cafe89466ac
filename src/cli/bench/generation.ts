/** How fast a GPT-2 of 124 million random weights writes, one text at a time, beside the speed of memory. */
import { nodeRuntime } from "../../core/runtime/node.js";
import { measureBandwidth } from "../../core/runtime/peak.js";
import { compileDecoder } from "../../generation/decoder-session.js";
import { gpt2 } from "../../models/gpt2.js";
import { adamw } from "../../optim/adamw.js";
import { layOut } from "../../optim/layout.js";
import { initialiseAll, weightsOf } from "../../training/weights.js";
import { median } from "./training.js";

const promptLength = 100;
const measuredTokens = 40;

export interface GenerationResult {
  readonly parameters: number;
  /** Median tokens a second by the form of the weights. */
  readonly tokensPerSecond: Readonly<Record<"float32" | "int8" | "int4", number>>;
  /** Tokens a second if reading all float32 weights twice were all the work. */
  readonly readTwice: number;
}

/** Each form in turn over the same weights. */
export async function benchGeneration(): Promise<GenerationResult> {
  const model = gpt2({ numLayers: 12, numHeads: 12, width: 768, vocabSize: 50_257, contextLength: 1024 });
  const layout = layOut(model.parameters, adamw({ lr: 1 }));
  const flat = new Float32Array(layout.size);
  initialiseAll(layout, flat, 0);
  const weights = weightsOf(layout, flat);
  const measure = async (form: "float32" | "int8" | "int4") => {
    const session = await compileDecoder(nodeRuntime, model, weights, { weights: form });
    const cache = session.cache(1);
    await session.read(
      cache,
      0,
      Int32Array.from({ length: promptLength }, (_, i) => i),
    );
    const seconds: number[] = [];
    for (let i = 0; i < measuredTokens; i++) {
      const start = performance.now();
      await session.step(cache, [i]);
      seconds.push((performance.now() - start) / 1000);
    }
    await session.release();
    return 1 / median(seconds);
  };
  const tokensPerSecond = {
    float32: await measure("float32"),
    int8: await measure("int8"),
    int4: await measure("int4"),
  };
  const bandwidth = await measureBandwidth(nodeRuntime);
  return { parameters: layout.size, tokensPerSecond, readTwice: (bandwidth * 1e9) / (2 * flat.byteLength) };
}
