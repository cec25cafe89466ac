/** Trains a small model on a text that it makes, in memory, and prints what the model writes. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineRecipe, memoryFolder, nodeRuntime, openFolder, resolveRecipe, startRun } from "autodidact";
import { compileDecoder, generate } from "autodidact/generation";

const steps = Number(process.argv[2] ?? 200);
const place = mkdtempSync(join(tmpdir(), "numbers-"));
const files = join(place, "numbers.txt");
writeFileSync(
  files,
  Array.from({ length: 3000 }, (_, i) => `${i % 97} and one is ${(i % 97) + 1}.\n`).join(""),
);

const recipe = defineRecipe({
  data: { files },
  features: { kind: "character" },
  model: { kind: "llama", contextLength: 48, numLayers: 2, numHeads: 4, width: 64, hiddenWidth: 128 },
  objective: { kind: "nextToken" },
  optimizer: { kind: "adamw", lr: 3e-3, schedule: { kind: "cosine" } },
  training: { batchSize: 16, steps, evaluateEvery: steps, checkpointEvery: steps },
  generation: { prompt: "41 and" },
});
const run = await startRun(resolveRecipe(recipe, "numbers"), memoryFolder(), {
  runtime: nodeRuntime,
  openFolder,
});
const { bestLoss } = await run.train();

const decoder = await compileDecoder(nodeRuntime, run.model, run.weights);
const [{ text }] = await generate(decoder, run.tokenizer, {
  prompts: ["41 and"],
  maxTokens: 40,
  temperature: 0,
});
console.log(`validation loss ${bestLoss?.toFixed(3)} nats a character\n41 and${text}`);
rmSync(place, { recursive: true });
