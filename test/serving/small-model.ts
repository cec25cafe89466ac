/** A small random model in a folder, served by the real engine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomStream } from "../../src/core/random.js";
import { byteTokenizer } from "../../src/features/tokenizer/byte-tokenizer.js";
import type { Tokenizer } from "../../src/features/tokenizer/tokenizer.js";
import { openFolder } from "../../src/files/disk.js";
import { type SavedModel, saveModel } from "../../src/interop/model-folder.js";
import { llama } from "../../src/models/llama.js";
import { startEngine, type WorkerEngine } from "../../src/serving/engine/worker-engine.js";
import { type RunningServer, startServer } from "../../src/serving/openai/server.js";

const bytes = byteTokenizer({ specialTokens: ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] });

/** Weights large enough that the model has opinions, which a wrong cache or seed would change. */
export function smallModel(tokenizer: Tokenizer = bytes, contextLength = 256): SavedModel {
  const sizes = { vocabSize: tokenizer.vocabSize, contextLength, numLayers: 2, numHeads: 4, width: 16 };
  const model = llama({ ...sizes, kvHeads: 2, hiddenWidth: 32, ropeTheta: 500, rmsNormEpsilon: 1e-5 });
  const weights = new Map(
    model.parameters.map(({ name, shape }) => {
      const stream = randomStream(2, name);
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.normal() / 2);
      return [name, { shape, data }];
    }),
  );
  return { model, weights, tokenizer, generation: { temperature: 0.7, maxTokens: 5 } };
}

/** Writes the model into a folder of its own; `remove` it when done. */
export async function saveSmallModel(
  model: SavedModel = smallModel(),
): Promise<{ folder: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), "autodidact-serving-"));
  await saveModel(openFolder(folder), model);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface SmallServer extends RunningServer {
  readonly engine: WorkerEngine;
}

/** A server for the small model, called "small"; `close` ends everything. */
export async function serveSmallModel(apiKey?: string, model?: SavedModel): Promise<SmallServer> {
  const { folder, remove } = await saveSmallModel(model);
  const engine = await startEngine({ folder, maxActive: 4, threads: 1 });
  const server = await startServer({
    engine,
    tokenizer: engine.tokenizer,
    model: { name: "small", contextLength: engine.modelInfo.contextLength, created: 1_700_000_000 },
    port: 0,
    apiKey,
    limits: { bodyBytes: 2 ** 20, maxConcurrent: 4, maxQueue: 8 },
    defaults: { temperature: 0.7 },
    onFault: () => {},
  });
  const close = async () => {
    await server.close(0);
    await engine.close(0);
    remove();
  };
  return { ...server, engine, close };
}
