/** The small tokenizer of Gemma's kind that make_tokenizer_goldens.py made, as the metadata of a GGUF file. */
import { readFileSync } from "node:fs";
import {
  bool,
  float32s,
  type GgufValue,
  int32s,
  string,
  strings,
  uint32,
} from "../src/interop/gguf/gguf-file.js";
import { tokenTypes } from "../src/interop/gguf/vocabulary.js";

interface File {
  added_tokens: { id: number; content: string; special: boolean }[];
  model: { vocab: Record<string, number> };
}

const path = new URL("parity/goldens/tokenizers.json", import.meta.url);
const { texts, families } = JSON.parse(readFileSync(path, "utf8"));
const {
  tokenizer: file,
  ids,
  decoded,
} = families.gemma3 as {
  tokenizer: File;
  ids: number[][];
  decoded: string[];
};

/** Texts, what Hugging Face's library makes of them, and the number of tokens. */
export const sentencePieceTokenizer = {
  texts: texts as string[],
  ids,
  decoded,
  vocabSize: Math.max(...Object.values(file.model.vocab), ...file.added_tokens.map((token) => token.id)) + 1,
};

/** Tokens by id, with llama.cpp's types and SentencePiece's scores. */
export function sentencePieceMetadata(): Map<string, GgufValue> {
  const added = new Map(file.added_tokens.map((token) => [token.id, token]));
  const byId = new Map(Object.entries(file.model.vocab).map(([token, id]) => [id, token]));
  for (const { id, content } of file.added_tokens) byId.set(id, content);
  const tokens = Array.from({ length: byId.size }, (_, id) => byId.get(id)!);
  const types = tokens.map((token, id) => {
    const found = added.get(id);
    if (found) return found.special ? tokenTypes.control : tokenTypes.userDefined;
    return /^<0x..>$/.test(token) ? tokenTypes.byte : tokenTypes.normal;
  });
  return new Map([
    ["tokenizer.ggml.model", string("llama")],
    ["tokenizer.ggml.pre", string("default")],
    ["tokenizer.ggml.tokens", strings(tokens)],
    ["tokenizer.ggml.token_type", int32s(types)],
    ["tokenizer.ggml.scores", float32s(tokens.map((_, id) => -id))],
    ["tokenizer.ggml.add_bos_token", bool(true)],
    ["tokenizer.ggml.add_space_prefix", bool(false)],
    ["tokenizer.ggml.bos_token_id", uint32(2)],
    ["tokenizer.ggml.eos_token_id", uint32(1)],
    ["tokenizer.ggml.unknown_token_id", uint32(3)],
  ]);
}
