/** A .gguf file is a model wherever a folder is one. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { randomStream } from "../../src/core/random.js";
import { byteTokenizer } from "../../src/features/tokenizer/byte-tokenizer.js";
import { tokenizerFromJson } from "../../src/features/tokenizer/load-tokenizer.js";
import { openFolder } from "../../src/files/disk.js";
import { saveModel } from "../../src/interop/model-folder.js";
import type { TextRecipeInput } from "../../src/modalities/text/recipe.js";
import { llama } from "../../src/models/llama.js";
import { startEngine } from "../../src/serving/engine/worker-engine.js";
import { autodidact, contents, temporaryFolder, wordyText } from "./command-line.js";
import { refuse } from "./refuse.js";

const place = temporaryFolder();
const folder = join(place, "model");
const file = join(place, "gguf/model.gguf");
const prompts = join(place, "prompts.txt");
const text = join(place, "text.txt");

beforeAll(async () => {
  const specialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
  const chat_template =
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}" +
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
  const tokenizer = tokenizerFromJson(byteTokenizer({ specialTokens }).toJSON(), {
    bos_token: "<|endoftext|>",
    eos_token: "<|endoftext|>",
    chat_template,
  });
  const model = llama({
    ...{ vocabSize: 259, contextLength: 64, numLayers: 2, numHeads: 4, kvHeads: 2 },
    ...{ width: 32, hiddenWidth: 64, tiedHead: true },
  });
  const weights = new Map(
    model.parameters.map(({ name, shape }) => {
      const stream = randomStream(3, name);
      const length = shape.reduce((a, b) => a * b, 1);
      return [name, { shape, data: Float32Array.from({ length }, () => 0.2 * stream.normal()) }];
    }),
  );
  const generation = { endTokens: [258] };
  await saveModel(openFolder(folder), { model, weights, tokenizer, generation });
  await print("export", folder, "--format", "gguf", "--precision", "float32", "--out", join(place, "gguf"));
  writeFileSync(prompts, "The sea");
  writeFileSync(text, wordyText(20));
});

async function print(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await autodidact(...args);
  expect(code, stderr).toBe(0);
  return stdout;
}

it("is continued, measured and compared as the folder is that it was made of", async () => {
  const greedy = ["--temperature", "0", "--max-tokens", "12"];
  const written = async (model: string) =>
    JSON.parse(await print("generate", model, "--prompt", "The sea", ...greedy, "--json")).results[0].tokens;
  expect(await written(file)).toEqual(await written(folder));
  const loss = async (model: string) =>
    JSON.parse(await print("evaluate", model, "--data", text, "--json")).loss;
  expect(await loss(file)).toBe(await loss(folder));
  const beside = await print(
    "evaluate",
    folder,
    "--against",
    file,
    "--prompts",
    prompts,
    ...greedy,
    "--json",
  );
  const [{ answers }] = JSON.parse(beside).results;
  expect(answers[0].text).toBe(answers[1].text);
});

it("is exported again with the same bytes, as GGUF and as a folder", async () => {
  const out = async (format: string) => {
    const path = join(place, `again-${format}`);
    await print(
      "export",
      file,
      "--format",
      format,
      "--out",
      path,
      ...(format === "gguf" ? ["--precision", "float32"] : []),
    );
    return contents(path);
  };
  expect(isSame(await out("gguf"), contents(join(place, "gguf")), "model.gguf")).toBe(true);
  const [found, first] = [await out("safetensors"), contents(folder)];
  for (const name of ["model.safetensors", "config.json", "generation_config.json"]) {
    expect(isSame(found, first, name), name).toBe(true);
  }
});

const isSame = (found: Map<string, string>, first: Map<string, string>, name: string) =>
  found.has(name) && found.get(name) === first.get(name);

it("answers over HTTP", async () => {
  const engine = await startEngine({ folder: file, maxActive: 1, threads: 1 });
  expect(engine.modelInfo).toMatchObject({ contextLength: 64, generation: { endTokens: [258] } });
  await engine.close(0);
});

it("is what an adapter learns above, and the run goes on from it", async () => {
  const chats = join(place, "chats.jsonl");
  const rows = Array.from({ length: 30 }, (_, i) => ({
    messages: [
      { role: "user", content: `${i}?` },
      { role: "assistant", content: `${i}!` },
    ],
  }));
  writeFileSync(chats, rows.map((row) => JSON.stringify(row)).join("\n"));
  const recipe: TextRecipeInput = {
    data: { files: chats, format: "chat" },
    features: { kind: "pretrained" },
    model: { kind: "pretrained", from: file, lora: { rank: 2, alpha: 4 } },
    objective: { kind: "nextToken" },
    optimizer: { kind: "adamw", lr: 1e-3, schedule: { kind: "constant" } },
    training: { batchSize: 2, steps: 2, evaluateEvery: 1, checkpointEvery: 1 },
    generation: { prompt: "1?", maxTokens: 3 },
  };
  const path = join(place, "tune.json");
  writeFileSync(path, JSON.stringify(recipe));
  const run = join(place, "run");
  await print("train", path, "--out", run);
  await print("train", "--resume", run, "--training.steps", "3");
  await print("generate", run, "--prompt", "1?", "--max-tokens", "3");
  expect(JSON.parse(Buffer.from(contents(run).get("recipe.json")!, "base64").toString()).model.folder).toBe(
    file,
  );
});

it("is refused where it is damaged, or not there", async () => {
  const bad = join(place, "bad.gguf");
  writeFileSync(bad, "GGUF");
  await refuse(place, /GGUF file is damaged: it is cut short[\s\S]*bad\.gguf/, ["generate", bad]);
});
