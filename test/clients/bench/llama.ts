/** llama.cpp, as node-llama-cpp ships it, as a side of `autodidact bench --only decoding`. */
import { join } from "node:path";
import { getLlama, LlamaLogLevel, type Token } from "node-llama-cpp";
import { takeTurns } from "../../../src/modalities/text/bench/decoding-turns.js";

await takeTurns(async ({ folder, threads }) => {
  const build = { build: "never", skipDownload: true, logLevel: LlamaLogLevel.error } as const;
  const client = await getLlama({ gpu: false, ...build, maxThreads: threads });
  const model = await client.loadModel({ modelPath: join(folder, "model.gguf"), gpuLayers: 0 });
  const context = await model.createContext({
    contextSize: model.trainContextSize,
    threads: { ideal: threads, min: threads },
  });
  const sequence = context.getSequence();
  return async ({ prompt, count }, onToken) => {
    await sequence.clearHistory();
    let written = 0;
    const options = { temperature: 0, yieldEogToken: true };
    for await (const id of sequence.evaluate([...prompt] as Token[], options)) {
      onToken(id);
      if (++written === count) return;
    }
  };
});
