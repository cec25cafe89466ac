import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../../test/temporary-folder.js";
import { randomStream } from "../../../core/random.js";
import { nodeRuntime } from "../../../core/runtime/node.js";
import { trainBpe } from "../../../features/tokenizer/bpe-trainer.js";
import { openFolder } from "../../../files/disk.js";
import { GenerationError } from "../../../generation/errors.js";
import { type TranslateOptions, translate } from "../../../generation/translation/translate.js";
import type { Translator } from "../../../generation/translation/translate-sentences.js";
import { compileTranslator } from "../../../generation/translation/translator-session.js";
import { saveTranslator } from "../../../interop/translator-folder.js";
import { t5 } from "../../../models/t5.js";
import { sharedTranslator } from "./decoding-threads.js";

const specialTokens = ["<pad>", "</s>", ">>de<<", "<ph0>"];
const tokenizer = await trainBpe("a sentence", { vocabSize: 263, specialTokens });
const [pad, end] = specialTokens.map((token) => tokenizer.tokenToId(token)!);
const model = t5({
  vocabSize: tokenizer.vocabSize,
  ...{ width: 16, numLayers: 1, numDecoderLayers: 1, numHeads: 2, hiddenWidth: 24 },
});
const weights = new Map(
  model.parameters.map(({ name, shape }) => {
    const random = randomStream(1, name);
    const length = shape.reduce((a, b) => a * b, 1);
    return [name, { shape, data: Float32Array.from({ length }, () => 0.4 * random.normal()) }];
  }),
);
const location = join(temporaryFolder(), "model");
await saveTranslator(openFolder(location), {
  ...{ model, weights, tokenizer, tokens: { start: pad, end, pad }, generation: {} },
});

const alone = await compileTranslator(nodeRuntime, model, weights, { threads: 1, spin: false });
const shared = (folder = location) => sharedTranslator(model, folder, 2, async () => alone);
const threads = shared();

/** Of several lengths; a batch holds 81 of them by 4 beams. */
const texts = Array.from({ length: 250 }, (_, i) => `${"abcd".slice(i % 4)}${i % 5 ? "" : "<ph0>"} x${i}`);
const options: TranslateOptions = { to: "de", beams: 4 };
const found = (translator: Translator, more: Partial<TranslateOptions> = {}) =>
  translate(translator, tokenizer, texts, { ...options, ...more });

describe("threads that translate", () => {
  it("find what one does, to the last bit", async () => {
    const terms = (sentence: string) => (sentence.includes("x1") ? ["ab"] : []);
    expect(await found(threads, { terms })).toEqual(await found(alone, { terms }));
    expect(await threads.decoders(5)).toHaveLength(2);
  });

  it("once there are some, take few batches too, and draw what one does", async () => {
    const sampling = { temperature: 1, seed: 3 };
    const [ours, expected] = [threads, alone].map((translator) =>
      translate(translator, tokenizer, texts.slice(0, 9), { to: "de", sampling }),
    );
    expect(await ours).toEqual(await expected);
  });

  it("tell how far they are, and end between batches", async () => {
    const stop = new AbortController();
    const done: number[] = [];
    const onSentences = (count: number, all: number) => {
      expect(all).toBe(texts.length);
      if (done.push(count) === 2) stop.abort(new Error("stopped"));
    };
    await expect(found(threads, { onSentences, signal: stop.signal })).rejects.toThrow("stopped");
    await found(threads);
    expect(done.length).toBeLessThan(4); // the other has at most finished its batch
  });

  it("are not started for a batch or two", async () => {
    const few = shared(join(location, "nowhere"));
    expect(await few.decoders(3)).toEqual(await alone.decoders());
  });

  it("say what is wrong as one does", async () => {
    const missing = await found(shared(join(location, "nowhere"))).catch((error) => error);
    expect(missing).toBeInstanceOf(GenerationError);
    expect(missing.values).toMatch(/nowhere/);
    await expect(found(threads, { sampling: { temperature: -1, seed: 0 } })).rejects.toMatchObject({
      what: "the temperature to sample with is out of range",
    });
  });
});
