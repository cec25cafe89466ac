/** Tokenizers built as published ones are, against Hugging Face's own library. See make_tokenizer_goldens.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { tokenizerFromJson } from "../../src/features/tokenizer/load-tokenizer.js";
import { streamDecoder } from "../../src/features/tokenizer/stream-decoder.js";

interface Golden {
  texts: string[];
  families: Record<string, { tokenizer: object; ids: number[][]; decoded: string[] }>;
}

const golden: Golden = JSON.parse(readFileSync(new URL("goldens/tokenizers.json", import.meta.url), "utf8"));

describe.each(Object.entries(golden.families))("a tokenizer as %s has it", (_, family) => {
  const tokenizer = tokenizerFromJson(family.tokenizer);

  it.each(golden.texts.map((text, i) => [text, i] as const))("cuts %j as Hugging Face's does", (text, i) => {
    expect([...tokenizer.encode(text)]).toEqual(family.ids[i]);
  });

  it("gives the texts back as Hugging Face's does", () => {
    expect(family.ids.map((ids) => tokenizer.decode(ids))).toEqual(family.decoded);
  });

  it("gives them back piece by piece", () => {
    const joined = family.ids.map((ids) => {
      const stream = streamDecoder(tokenizer);
      return ids.map((id) => stream.push(id)).join("") + stream.end();
    });
    expect(joined).toEqual(family.decoded);
  });
});
