/** Our side of the decoding benchmark: what `generate` does with the likeliest token each time. */
import { randomStream } from "../../../core/random.js";
import { nodeRuntime } from "../../../core/runtime/node.js";
import { openFolder } from "../../../files/disk.js";
import { compileDecoder } from "../../../generation/decoder-session.js";
import { sampleToken } from "../../../generation/sampling.js";
import { loadModel } from "../../../interop/model-folder.js";
import { takeTurns } from "./decoding-turns.js";

await takeTurns(async ({ folder, form, threads }) => {
  const { model, weights } = await loadModel(openFolder(folder));
  const session = await compileDecoder(nodeRuntime, model, weights, { weights: form, threads });
  const unused = randomStream(0, "sampling");
  return async ({ prompt, count }, onToken) => {
    const cache = session.cache(1);
    let logits = await session.read(cache, 0, prompt);
    for (let written = 1; ; written++) {
      const id = sampleToken(logits, { temperature: 0 }, unused);
      onToken(id);
      if (written === count) return;
      logits = await session.step(cache, [id]);
    }
  };
});
