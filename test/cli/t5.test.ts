/** A model as T5's are on the Hub, which is told in words what to do: translating, and going on from it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { randomStream } from "../../src/core/random.js";
import { openFolder } from "../../src/files/disk.js";
import { writeSafetensors } from "../../src/interop/safetensors.js";
import { t5 } from "../../src/models/t5.js";
import { asTsv, toyPairs } from "../toy-pairs.js";
import { autodidact, temporaryFolder } from "./command-line.js";
import { refuse } from "./refuse.js";

const place = temporaryFolder();
const small = join(place, "t5-tiny");
const [file, recipe, run] = ["pairs.tsv", "from.mjs", "run"].map((name) => join(place, name));

const frame = ["<pad>", "</s>", "<unk>"];
const words = ["▁translate", "▁English", "▁to", "▁German", "▁French", ":", ".", "▁"];
const letters = [..."abcdefghijklmnopqrstuvwxyzüäöDGKLFSTZ"];
const vocabulary = [...frame, ...words, ...letters];
const metaspace = { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true };
const unigrams = {
  version: "1.0",
  added_tokens: frame.map((content, id) => ({
    ...{ id, content, special: true },
    ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
  })),
  normalizer: null,
  pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, metaspace] },
  post_processor: null,
  decoder: metaspace,
  model: {
    type: "Unigram",
    unk_id: 2,
    vocab: vocabulary.map((token, id) => [token, id < frame.length ? 0 : token.length > 1 ? -1 : -4]),
  },
};
const tasks = {
  summarization: { prefix: "summarize: " },
  translation_en_to_de: { num_beams: 4, prefix: "translate English to German: " },
  translation_en_to_fr: { num_beams: 4, prefix: "translate English to French: " },
};

beforeAll(async () => {
  const model = t5({
    ...{ width: 16, numLayers: 1, numDecoderLayers: 1, numHeads: 2, hiddenWidth: 24, feedForward: "relu" },
    vocabSize: vocabulary.length + 4, // more rows than tokens, as there
  });
  const random = randomStream(1, "weights");
  const weights = model.parameters.map(({ name, shape }) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).map(() => 0.3 * random.normal());
    return [name, { shape, data }] as const;
  });
  const folder = openFolder(small);
  const ids = { decoder_start_token_id: 0, eos_token_id: 1, pad_token_id: 0 };
  const config = { ...model.config(), ...ids, task_specific_params: tasks };
  await folder.write("config.json", JSON.stringify(config));
  await folder.write("tokenizer.json", JSON.stringify(unigrams));
  await folder.write("tokenizer_config.json", JSON.stringify({ eos_token: "</s>", pad_token: "<pad>" }));
  await writeSafetensors(folder, "model.safetensors", new Map(weights));
  writeFileSync(file, asTsv(toyPairs(20)));
  const sections = {
    data: { format: "translation", pairs: file, directions: "forward", validationFraction: 0.2 },
    features: { kind: "pretrained" },
    model: { kind: "pretrained", from: small },
    objective: { kind: "translate" },
    optimizer: { kind: "adamw", lr: 1e-3, schedule: { kind: "constant" } },
    training: { batchSize: 4, buckets: 1, steps: 2, evaluateEvery: 2, checkpointEvery: 2, threads: 1 },
  };
  writeFileSync(recipe, `export default ${JSON.stringify(sections)};`);
});

describe("a model that is told in words", () => {
  it("translates into the languages of its tasks, each in its own way", async () => {
    const into = (to: string) => autodidact("translate", small, "--to", to, "Two dogs.", "42");
    const [german, french] = [await into("de"), await into("fr")];
    for (const { code, stdout, stderr } of [german, french]) {
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/\n42\n$/);
    }
    expect(german.stdout).not.toBe(french.stdout);
    await refuse(place, /into this language[\s\S]*"en"; languages: de, fr/, [
      ...["translate", small, "--to", "en", "Hund"],
    ]);
  });

  it("is gone on from in a direction that it knows, told the same way after, and measured in it", async () => {
    const { code, stderr } = await autodidact("train", recipe, "--out", run);
    expect(code, stderr).toBe(0);
    const said = await autodidact("translate", run, "--to", "de", "Two dogs.");
    expect(said.code, said.stderr).toBe(0);
    const measured = await autodidact("evaluate", run, "--beams", "1", "--json");
    expect(measured.code, measured.stderr).toBe(0);
    const { directions } = JSON.parse(measured.stdout);
    expect(directions).toMatchObject([{ from: "en", to: "de", learned: 0 }]);
    expect(directions[0].nearest.chrf).toBeGreaterThan(directions[0].copied.chrf);
    await refuse(place, /cannot be told to write[\s\S]*en; .* knows de, fr[\s\S]*data\.directions forward/, [
      ...["train", recipe, "--data.directions", "both", "--out", join(place, "both")],
    ]);
  });
});
