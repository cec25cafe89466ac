/** Folders that we write, read by Hugging Face Transformers, and what it writes of them, read by us. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { constant, input } from "../../src/core/graph/tensor.js";
import { gemm } from "../../src/core/ops/matmul.js";
import { randomStream } from "../../src/core/random.js";
import { trainBpe } from "../../src/features/tokenizer/bpe-trainer.js";
import { openFolder } from "../../src/files/disk.js";
import { openTranslator, saveTranslator } from "../../src/interop/translator-folder.js";
import { t5 } from "../../src/models/t5.js";
import { lookUp } from "../../src/nn/parameter.js";
import { evaluate } from "../evaluate.js";
import { temporaryFolder } from "../temporary-folder.js";
import { askPython, lacks } from "./python.js";

const lacking = lacks("torch", "transformers");

interface Answer {
  readonly ids: number[];
  readonly logits: number[];
  readonly written: number[][];
  readonly surprises: string[];
}

const text = "a sentence with ünusual wörds: %1$s";
const [source, valid, inputs] = [
  [
    [5, 6, 7, 8, 9],
    [7, 6, 5, 0, 0],
  ],
  [
    [1, 1, 1, 1, 1],
    [1, 1, 1, 0, 0],
  ],
  [
    [0, 9, 8],
    [0, 5, 6],
  ],
];

it.skipIf(lacking !== undefined).each([
  ["tied", "gated-gelu"],
  ["own", "gated-gelu"],
  ["tied", "relu"],
] as const)(
  `is the same model in Transformers: %s head, %s${lacking ? ` (${lacking})` : ""}`,
  async (head, feedForward) => {
    const place = temporaryFolder();
    const tokenizer = await trainBpe(text, { vocabSize: 270, specialTokens: ["<pad>", "</s>", ">>de<<"] });
    const [pad, end] = ["<pad>", "</s>"].map((token) => tokenizer.tokenToId(token)!);
    const model = t5({
      ...{
        vocabSize: tokenizer.vocabSize,
        width: 8,
        numLayers: 2,
        numDecoderLayers: 1,
        numHeads: 2,
        headWidth: 3,
      },
      ...{ hiddenWidth: 12, feedForward, tiedHead: head === "tied" },
    });
    const weights = new Map(
      model.parameters.map(({ name, shape }) => {
        const random = randomStream(3, name);
        const length = shape.reduce((a, b) => a * b, 1);
        return [name, { shape, data: Float32Array.from({ length }, () => 0.5 * random.normal()) }];
      }),
    );
    const saved = {
      model,
      weights,
      tokenizer,
      tokens: { start: pad, end, pad },
      generation: { maxTokens: 7 },
    };
    await saveTranslator(openFolder(join(place, "ours")), saved);
    const [ours, theirs] = ["ours", "theirs"].map((name) => join(place, name));
    const asked = { text, source, valid, inputs };
    const { ids, logits, written, surprises } = askPython<Answer>("read_t5.py", [ours, theirs], asked);

    expect(surprises).toEqual([]);
    expect(ids).toEqual([...tokenizer.encode(text), end]);
    for (const row of written) expect(row.length).toBeLessThanOrEqual(8); // with the start

    const p = lookUp(new Map(model.parameters.map((q) => [q.name, input(q.name, "float32", q.shape)])));
    const read = {
      ids: constant<"b s">(source.flat(), [2, 5], "int64"),
      valid: constant<"b s">(valid.flat(), [2, 5]),
    };
    const hidden = model.decodeAll(p, model.encode(p, read), read, constant(inputs.flat(), [2, 3], "int64"));
    const y = gemm(hidden, model.head(p), { transB: true });
    const fed = Object.fromEntries([...weights].map(([name, { data }]) => [name, Array.from(data)]));
    const { values } = await evaluate({ values: y }, fed);
    const scale = Math.max(...values.map(Math.abs));
    // float32 sums in another order, on both sides.
    for (const [i, value] of values.entries()) expect(Math.abs(value - logits[i]) / scale).toBeLessThan(3e-5);

    const again = await openTranslator(openFolder(theirs));
    expect(again.weights).toEqual(weights);
    expect(again.model.config()).toEqual(model.config());
    expect(again.tokens).toEqual(saved.tokens);
    expect(again.generation).toEqual(saved.generation);
  },
);
