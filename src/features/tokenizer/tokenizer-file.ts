import { parseJson } from "../../files/json.js";
import type { AddedToken } from "./added-tokens.js";
import { type Tokenizer, TokenizerError } from "./tokenizer.js";

/** An object read from JSON, of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A `tokenizer.json` whose outline has been checked. */
export interface TokenizerFile {
  json: JsonObject;
  model: JsonObject;
  /** Token strings and ids of the model. */
  vocabulary: Map<string, number>;
  merges: [string, string][];
  addedTokens: AddedToken[];
  /** Whether an added token swallows the spaces around it or stands only between word borders. */
  addedTokensTouchNeighbours: boolean;
  unknownToken: string | undefined;
}

/** The error for a file that is not what it should be, at a place inside it. */
export function damaged(source: string, place: string, found: unknown, expected: string): TokenizerError {
  const shown = JSON.stringify(found) ?? "nothing";
  return new TokenizerError(
    `a tokenizer file is damaged: ${expected} expected`,
    `${source}, at ${place}: ${shown.length > 80 ? `${shown.slice(0, 80)}...` : shown}`,
    "fetch the file again, or export the tokenizer anew",
  );
}

/** The text of a file. Throws `TokenizerError` where its bytes are none. */
export function decodeUtf8(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TokenizerError(
      "a tokenizer file is not UTF-8",
      `${source}, ${bytes.length} bytes`,
      "the file is damaged. Fetch it again",
      { cause },
    );
  }
}

/** Parses the bytes of a JSON file that holds an object. Throws `TokenizerError` with the place. */
export function parseJsonObject(bytes: Uint8Array, source: string): JsonObject {
  const text = decodeUtf8(bytes, source);
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw new TokenizerError(
      "a tokenizer file is not valid JSON",
      `${source}, ${bytes.length} bytes: ${cause instanceof Error ? cause.message : cause}`,
      "the file is cut off or damaged. Fetch it again",
      { cause },
    );
  }
  if (!isObject(value)) throw damaged(source, "the top", value, "an object");
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Checks the outline of a `tokenizer.json`. An end of text that the model's vocabulary has counts as an
 * added token even where the file does not list it. Throws `TokenizerError` naming the place that is wrong.
 */
export function readTokenizerFile(json: JsonObject, source: string, endOfText?: string): TokenizerFile {
  const { model } = json;
  if (!isObject(model)) throw damaged(source, "model", model, "an object");
  const vocabulary = isObject(model.vocab)
    ? readVocabulary(model.vocab, "model.vocab", source)
    : readScores(model, source);
  const added = json.added_tokens ?? [];
  if (!Array.isArray(added)) throw damaged(source, "added_tokens", added, "a list");
  const addedTokens = added.map((entry, i) => readAddedToken(entry, `added_tokens[${i}]`, source));
  checkRepeats(addedTokens, source);
  const unlisted = endOfText !== undefined && addedTokens.every((token) => token.content !== endOfText);
  const endId = unlisted ? vocabulary.get(endOfText) : undefined;
  if (unlisted && endId !== undefined) addedTokens.push({ content: endOfText, id: endId, special: true });
  return {
    json: { ...ABSENT_PARTS, ...json, added_tokens: [...added, ...addedTokens.slice(added.length)] },
    model,
    vocabulary,
    merges: model.merges === undefined && model.type !== "BPE" ? [] : readMerges(model.merges, source),
    addedTokens,
    addedTokensTouchNeighbours: added.some((t) => isObject(t) && (t.lstrip || t.rstrip || t.single_word)),
    unknownToken: typeof model.unk_token === "string" ? model.unk_token : undefined,
  };
}

/** The parts that `@huggingface/tokenizers` wants to see even where there is nothing. */
const ABSENT_PARTS = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };

function readAddedToken(entry: unknown, place: string, source: string): AddedToken {
  if (!isObject(entry)) throw damaged(source, place, entry, "an object");
  const { content, id, special } = entry;
  if (typeof content !== "string" || content === "") {
    throw damaged(source, `${place}.content`, content, "the token's text");
  }
  if (!isId(id)) throw damaged(source, `${place}.id`, id, "a whole number from 0 on");
  return { content, id, special: special === true };
}

function checkRepeats(tokens: readonly AddedToken[], source: string): void {
  const contents = new Set<string>();
  const ids = new Set<number>();
  for (const [i, { content, id }] of tokens.entries()) {
    if (contents.has(content) || ids.has(id)) {
      throw damaged(
        source,
        `added_tokens[${i}]`,
        { content, id },
        "a token and an id that are not listed before",
      );
    }
    contents.add(content);
    ids.add(id);
  }
}

/** Token strings with their ids, each id used once. */
export function readVocabulary(entries: JsonObject, place: string, source: string): Map<string, number> {
  const vocabulary = new Map<string, number>();
  const tokenOf = new Map<number, string>();
  for (const [token, id] of Object.entries(entries)) {
    const where = `${place}[${JSON.stringify(token)}]`;
    if (!isId(id)) throw damaged(source, where, id, "a whole number from 0 on");
    const twin = tokenOf.get(id);
    if (twin !== undefined)
      throw damaged(source, where, id, `an id that ${JSON.stringify(twin)} does not have`);
    vocabulary.set(token, id);
    tokenOf.set(id, token);
  }
  return vocabulary;
}

/** A Unigram model lists tokens with their scores; the place in the list is the id. */
function readScores(model: JsonObject, source: string): Map<string, number> {
  const { vocab } = model;
  if (!Array.isArray(vocab)) throw damaged(source, "model.vocab", vocab, "the vocabulary");
  for (const [i, entry] of vocab.entries()) {
    if (!Array.isArray(entry) || typeof entry[0] !== "string" || typeof entry[1] !== "number") {
      throw damaged(source, `model.vocab[${i}]`, entry, "a token and its score");
    }
  }
  return new Map(vocab.map(([token], id) => [token, id]));
}

/** Merges as `"a b"` or `["a", "b"]`; both forms are in use. */
function readMerges(merges: unknown, source: string): [string, string][] {
  if (!Array.isArray(merges)) throw damaged(source, "model.merges", merges, "a list");
  return merges.map((merge, i) => {
    const pair = typeof merge === "string" ? merge.split(" ") : merge;
    const isPair = Array.isArray(pair) && pair.length === 2 && pair.every((t) => typeof t === "string" && t);
    if (!isPair) throw damaged(source, `model.merges[${i}]`, merge, "two tokens");
    return pair as [string, string];
  });
}

function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 24;
}

/** A token that `tokenizer_config.json` names, such as `eos_token`: a string, or an object with the string inside. */
export function tokenName(config: JsonObject | undefined, key: `${string}_token`): string | undefined {
  const named = config?.[key];
  const name = isObject(named) ? named.content : named;
  return typeof name === "string" ? name : undefined;
}

/** The id of such a token. */
export function namedId(
  tokenizer: Pick<Tokenizer, "config" | "tokenToId">,
  key: `${string}_token`,
): number | undefined {
  const name = tokenName(tokenizer.config, key);
  return name === undefined ? undefined : tokenizer.tokenToId(name);
}
