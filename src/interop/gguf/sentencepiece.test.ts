/** SentencePiece vocabularies of GGUF files give the ids that the same vocabulary gives in Hugging Face's library. */
import { describe, expect, it } from "vitest";
import { sentencePieceMetadata, sentencePieceTokenizer } from "../../../test/sentencepiece-tokenizer.js";
import { memoryFolder } from "../../files/memory.js";
import { gemma3 } from "../../models/gemma3.js";
import { openModel } from "../model-folder.js";
import { architectureOf, inTheirLayout, modelMetadata, tensorName } from "./architecture.js";
import { GgufError } from "./errors.js";
import { type GgufValue, int32s, string, writeGguf } from "./gguf-file.js";
import { ggufFolder } from "./gguf-folder.js";
import { tensorTypes } from "./tensor-types.js";
import { tokenTypes } from "./vocabulary.js";

const { texts, ids, decoded, vocabSize } = sentencePieceTokenizer;
const model = gemma3({
  ...{ vocabSize, contextLength: 8, numLayers: 1, numHeads: 1, width: 8, hiddenWidth: 8, slidingWindow: 4 },
});

async function opened(change: (metadata: Map<string, GgufValue>) => void = () => {}) {
  const own = sentencePieceMetadata();
  change(own);
  const metadata = new Map([
    ["general.architecture", string(architectureOf(model))],
    ...modelMetadata(model),
    ...own,
  ]);
  const tensors = model.parameters.map((parameter) => {
    const name = tensorName(parameter.name, "gemma3");
    const zeros = new Float32Array(parameter.shape.reduce((a, b) => a * b, 1));
    const { shape, data } = inTheirLayout(parameter, { shape: parameter.shape, data: zeros }, model);
    const bytes = () => tensorTypes.F32.encode(data, name);
    return { name, shape, type: 0, byteLength: data.byteLength, bytes };
  });
  const folder = memoryFolder();
  await writeGguf(folder, "x.gguf", metadata, tensors);
  return openModel(ggufFolder(folder, "x.gguf"));
}

describe("a SentencePiece vocabulary in a GGUF file", () => {
  it("gives Hugging Face's ids, and the texts back", async () => {
    const { tokenizer } = await opened();
    expect(texts.map((text: string) => [...tokenizer!.encode(text)])).toEqual(ids);
    expect(ids.map((row) => tokenizer!.decode(row))).toEqual(decoded);
    expect(tokenizer!.endOfText).toBe(1);
  });

  it.each<[string, RegExp, (metadata: Map<string, GgufValue>) => void]>([
    [
      "with a space before each text",
      /add_space_prefix missing/,
      (m) => m.delete("tokenizer.ggml.add_space_prefix"),
    ],
    ["without scores", /no scores/, (m) => m.delete("tokenizer.ggml.scores")],
    [
      "without tokens of bytes",
      /no token for the byte <0x00>/,
      (m) => m.set("tokenizer.ggml.token_type", int32s(Array(vocabSize).fill(tokenTypes.normal))),
    ],
    [
      "with bytes among tokens of bytes",
      /of type 6/,
      (m) => m.set("tokenizer.ggml.model", string("gpt2")).set("tokenizer.ggml.pre", string("gpt-2")),
    ],
  ])("is refused %s", async (_, message, change) => {
    const opening = opened(change);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toBeInstanceOf(GgufError);
  });
});
