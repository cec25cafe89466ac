/** Transformers, PEFT and safetensors of PyPI open what we write, and we what Transformers writes of it. */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { randomStream } from "../../src/core/random.js";
import { trainBpe } from "../../src/features/tokenizer/bpe-trainer.js";
import { tokenizerFromJson } from "../../src/features/tokenizer/load-tokenizer.js";
import { openFolder } from "../../src/files/disk.js";
import { mergeAdapter, saveAdapter } from "../../src/interop/adapter.js";
import { wordsOf } from "../../src/interop/gguf/word-pattern.js";
import { loadModel, saveModel } from "../../src/interop/model-folder.js";
import type { NamedArray } from "../../src/interop/safetensors.js";
import type { Decoder } from "../../src/models/decoder.js";
import { gemma3 } from "../../src/models/gemma3.js";
import { gpt2 } from "../../src/models/gpt2.js";
import { llama } from "../../src/models/llama.js";
import { linearLayers, loraA, loraB } from "../../src/nn/lora.js";
import { fullForward, greedyTokens, largestDifference } from "../parity/full-forward.js";
import { temporaryFolder } from "../temporary-folder.js";
import { askPython, lacks } from "./python.js";

const text = "It's the 7th; they've seen the whale and the sea of 2024, 世界 and café.";
const tokenizer = await trainBpe(text.repeat(3), { vocabSize: 300, specialTokens: ["<|endoftext|>"] });
/** AutoTokenizer cuts the texts of every qwen2 as Qwen's own tokenizer does, whatever tokenizer.json says. */
const qwenTokenizer = tokenizerFromJson(
  { ...tokenizer.toJSON(), pre_tokenizer: wordsOf("qwen2")!.preTokenizer },
  { ...tokenizer.config, eos_token: "<|endoftext|>" },
);
const tokenizerOf = (name: string) => (name === "qwen2" ? qwenTokenizer : tokenizer);
const sizes = { vocabSize: tokenizer.vocabSize, contextLength: 48, numLayers: 4, numHeads: 4, width: 16 };
const family = { ...sizes, kvHeads: 2, hiddenWidth: 24, ropeTheta: 500 };
const slower = { factor: 8, lowFrequency: 1, highFrequency: 4, originalContextLength: 32 };
const models: Record<string, Decoder> = {
  gpt2: gpt2(sizes),
  llama: llama({ ...family, headWidth: 8, ropeScaling: { kind: "llama3", ...slower } }),
  "llama, linear": llama({ ...family, ropeScaling: { kind: "linear", factor: 3 } }),
  qwen2: llama({ ...family, qkvBias: true, tiedHead: true }),
  qwen3: llama({ ...family, headWidth: 8, qkNorm: true }),
  smollm3: llama({ ...family, noRopeLayers: [1, 2], tiedHead: true }),
  gemma3: gemma3({
    ...{ ...family, headWidth: 8, slidingWindow: 5, globalLayers: [1], queryScalar: 6, localRopeTheta: 50 },
    ropeScaling: { kind: "linear", factor: 4 },
  }),
};
const lora = { rank: 3, alpha: 6 };
const [ids, prompt] = [14, 4].map((length) => Array.from({ length }, (_, i) => (37 * i + 11 * length) % 250));
const count = 12;

function randomArrays(shapes: Iterable<readonly [string, readonly number[]]>): Map<string, NamedArray> {
  return new Map(
    [...shapes].map(([name, shape]) => {
      const random = randomStream(4, name);
      const centre = shape.length === 1 && name.endsWith("weight") ? 1 : 0;
      const length = shape.reduce((a, b) => a * b, 1);
      return [name, { shape, data: Float32Array.from({ length }, () => centre + 0.3 * random.normal()) }];
    }),
  );
}

const weightsOf = ({ parameters }: Decoder) =>
  randomArrays(parameters.map(({ name, shape }) => [name, shape] as const));

const adapterOf = ({ parameters }: Decoder) =>
  randomArrays(
    linearLayers(parameters).flatMap(({ name, inputs, outputs }) => [
      [loraA(name), [lora.rank, inputs]] as const,
      [loraB(name), [outputs, lora.rank]] as const,
    ]),
  );

interface Answer {
  readonly sums: Record<string, number>;
  readonly surprises: string[];
  readonly logits: number[];
  readonly written: number[];
  readonly tokens: number[];
  readonly adapted: number[];
}

const lacking = lacks("torch", "transformers", "peft", "safetensors");

describe.skipIf(lacking !== undefined)(
  `the libraries of Hugging Face${lacking ? ` (${lacking})` : ""}`,
  () => {
    const place = temporaryFolder();
    const answers = new Map<string, Answer>();

    beforeAll(async () => {
      const asked = [];
      for (const [name, model] of Object.entries(models)) {
        const [folder, adapter, other] = ["ours", "adapter", "theirs"].map((of) => join(place, name, of));
        const saved = { model, weights: weightsOf(model), tokenizer: tokenizerOf(name) };
        await saveModel(openFolder(folder), saved);
        await saveAdapter(openFolder(adapter), { lora, base: folder, weights: adapterOf(model) }, model);
        asked.push({ folder, adapter, other, ids, prompt, count, text });
      }
      const said = askPython<Answer[]>("read_decoders.py", [], asked);
      for (const [i, name] of Object.keys(models).entries()) answers.set(name, said[i]);
    });

    describe.each(Object.entries(models))("with a %s", (name, model) => {
      const weights = weightsOf(model);
      const scaleOf = (logits: readonly number[]) => Math.max(...logits.map(Math.abs));
      // float32 sums in another order, on both sides.
      const tolerance = 3e-5;

      it("find every tensor as we have it", () => {
        const { sums, surprises } = answers.get(name)!;
        expect(surprises).toEqual([]);
        expect(Object.keys(sums).sort()).toEqual([...weights.keys()].sort());
        for (const [tensor, { data }] of weights)
          expect(sums[tensor], tensor).toBeCloseTo(
            data.reduce((sum, x) => sum + x, 0),
            9,
          );
      });

      it("predict what we predict", async () => {
        const { logits } = answers.get(name)!;
        const ours = await fullForward(model, weights, ids);
        expect(largestDifference(ours, logits) / scaleOf(logits)).toBeLessThan(tolerance);
      });

      it("continue as we do, and cut a text as we do", async () => {
        const { written, tokens } = answers.get(name)!;
        expect(await greedyTokens(model, weights, prompt, count)).toEqual(written);
        expect(tokens).toEqual([...tokenizerOf(name).encode(text)]);
      });

      it("put an adapter of ours beside the model", async () => {
        const { adapted, logits } = answers.get(name)!;
        const merged = mergeAdapter(model, weights, { lora, weights: adapterOf(model) });
        const ours = await fullForward(model, merged, ids);
        expect(largestDifference(ours, adapted) / scaleOf(adapted)).toBeLessThan(tolerance);
        expect(largestDifference(logits, adapted) / scaleOf(adapted)).toBeGreaterThan(0.05); // it does something
      });

      it("write a folder that opens as the same model", async () => {
        const again = await loadModel(openFolder(join(place, name, "theirs")));
        expect(again.model.huggingFaceConfig()).toEqual(model.huggingFaceConfig());
        expect(again.weights).toEqual(weights);
      });
    });
  },
);
