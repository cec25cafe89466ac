import { Tokenizer as HuggingFaceModel } from "@huggingface/tokenizers";
import { describe, expect, it } from "vitest";
import { ctcTokenizerFiles } from "./ctc-tokenizer-files.js";
import { ctcVocabulary, readCtcVocabulary } from "./ctc-vocabulary.js";
import { TokenizerError } from "./tokenizer.js";

const vocabulary = ctcVocabulary(["hello world", "it's 🙂 éa"]);

describe("the vocabulary of speech", () => {
  it("begins with blank, unknown and the space, then letters by code point", () => {
    expect(vocabulary.tokens).toEqual(["[PAD]", "[UNK]", "|", ..."'adehilorstwé🙂"]);
    expect(ctcVocabulary(["b|a", "[PAD] a"]).tokens).toEqual(["[PAD]", "[UNK]", "|", ..."ADP[]ab"]);
    expect(ctcVocabulary([]).tokens).toEqual(["[PAD]", "[UNK]", "|"]);
  });

  it("gives labels, and the letters that have none", () => {
    const { ids, unknown } = vocabulary.encode("he xxy");
    expect(ids.map((id) => vocabulary.tokens[id])).toEqual(["h", "e", "|", "[UNK]", "[UNK]", "[UNK]"]);
    expect([...unknown]).toEqual([
      ["x", 2],
      ["y", 1],
    ]);
    expect(vocabulary.decode(vocabulary.encode("it's hello 🙂").ids)).toBe("it's hello 🙂");
    expect(vocabulary.encode("")).toEqual({ ids: [], unknown: new Map() });
  });

  it("does not decode ids that it lacks", () => {
    expect(() => vocabulary.decode([3, 99])).toThrow(TokenizerError);
  });

  it("is read back from vocab.json", () => {
    const written = JSON.parse(JSON.stringify(ctcTokenizerFiles(vocabulary)["vocab.json"]));
    expect(readCtcVocabulary(written, "vocab.json").tokens).toEqual(vocabulary.tokens);
  });

  it.each([
    { "[PAD]": 0, "[UNK]": 1, "|": 2, a: 4 },
    { "[PAD]": 0, "[UNK]": 1, "|": 2, a: 2 },
    { "[PAD]": 0, "[UNK]": 1, "|": 2, a: "3" },
    { "[PAD]": 0, "[UNK]": 1, "|": -1 },
    { "<pad>": 0, "<unk>": 1, "|": 2 },
    {},
  ])("is not read from %j", (vocab) => {
    expect(() => readCtcVocabulary(vocab, "vocab.json")).toThrow(TokenizerError);
  });
});

describe("tokenizer.json of speech", () => {
  const files = JSON.parse(JSON.stringify(ctcTokenizerFiles(vocabulary)));
  const theirs = new HuggingFaceModel(files["tokenizer.json"], files["tokenizer_config.json"]);

  it("encodes as we do", () => {
    const text = "hello world it's x";
    expect(theirs.encode(text).ids).toEqual(vocabulary.encode(text).ids);
  });

  it("decodes frames as transformers.js asks it to", () => {
    const id = (token: string) => vocabulary.tokens.indexOf(token);
    const frames = [..."hh-e-l-ll-l-oo||-w-"].map((c) => (c === "-" ? 0 : id(c)));
    expect(theirs.decode(frames, { skip_special_tokens: true })).toBe("helllo w");
    // A cleaned-up text would lose the space before the 's.
    expect(theirs.decode(vocabulary.encode("ta 's").ids, { skip_special_tokens: true })).toBe("ta 's");
  });
});
