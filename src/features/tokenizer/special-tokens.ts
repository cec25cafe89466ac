import { tokenizerFromJson } from "./load-tokenizer.js";
import { type Tokenizer, TokenizerError } from "./tokenizer.js";
import type { JsonObject } from "./tokenizer-file.js";

/** What else changes with the new tokens. */
export interface TokenizerChanges {
  /** The special token that ends a text from now on. */
  readonly endOfText?: string;
  /** Jinja source. */
  readonly chatTemplate?: string;
}

/**
 * The same tokenizer with special tokens after its last id. A token that it has keeps its id and becomes
 * special; no id changes.
 * @throws TokenizerError for an empty token and for an end of text that the vocabulary lacks.
 */
export function addSpecialTokens(
  tokenizer: Tokenizer,
  contents: readonly string[],
  { endOfText, chatTemplate }: TokenizerChanges = {},
): Tokenizer {
  if (contents.includes("")) {
    throw new TokenizerError("a special token is empty", JSON.stringify(contents), "give each as text");
  }
  const json = tokenizer.toJSON() as JsonObject & { added_tokens: AddedTokenJson[] };
  const added = new Map(json.added_tokens.map((token) => [token.content, token]));
  let nextId = tokenizer.vocabSize;
  for (const content of contents) {
    const known = added.get(content) ?? plainToken(content, tokenizer.tokenToId(content) ?? nextId);
    if (known.id === nextId) nextId++;
    added.set(content, { ...known, special: true });
  }
  const config = {
    ...tokenizer.config,
    ...(endOfText === undefined ? {} : { eos_token: endOfText }),
    ...(chatTemplate === undefined ? {} : { chat_template: chatTemplate }),
  };
  return tokenizerFromJson({ ...json, added_tokens: [...added.values()] }, config);
}

/** An entry of `added_tokens` in a `tokenizer.json`. */
interface AddedTokenJson {
  readonly id: number;
  readonly content: string;
  readonly special?: boolean;
}

function plainToken(content: string, id: number): AddedTokenJson {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return { id, content, ...flags, special: true };
}
