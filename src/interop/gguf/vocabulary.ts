/** A tokenizer as the metadata of a GGUF file, such that llama.cpp gives the ids that we give. */
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import {
  isObject,
  namedId,
  readTokenizerFile,
  type TokenizerFile,
} from "../../features/tokenizer/tokenizer-file.js";
import { GgufError } from "./errors.js";
import { bool, type GgufValue, int32s, string, strings, uint32 } from "./gguf-file.js";
import { wordPatternName } from "./word-pattern.js";

/** `music` of config.json, see `SavedModel`. */
export const musicKey = "autodidact.music";

/** llama.cpp's numbers for what a token is. */
export const tokenTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 };

/**
 * The keys `tokenizer.*`, with a token for each of the `rows` of the model's embedding; `endOfTurn` ends a text
 * beside the end of text. Takes byte-level BPE whose words llama.cpp finds too; normalisation to NFC is left to
 * the reader, as in every GGUF of Qwen. The whole words of music, of which each is known, become tokens that llama.cpp
 * finds by themselves, the longest first; the white space between them it drops. Throws `GgufError` for any other
 * tokenizer.
 */
export function tokenizerMetadata(
  tokenizer: Tokenizer,
  rows: number,
  { endOfTurn, ofMusic = false }: { readonly endOfTurn?: number; readonly ofMusic?: boolean } = {},
): Map<string, GgufValue> {
  const endOfText = requireEndOfText(tokenizer);
  const file = readTokenizerFile({ ...tokenizer.toJSON() }, "tokenizer", tokenizer.idToToken(endOfText));
  const isOfWords = ofMusic && hasWholeWords(file);
  if (!isOfWords) checkByteLevel(file);
  const ids = {
    bos: tokenizer.beginOfText ?? namedId(tokenizer, "bos_token") ?? endOfText,
    eos: endOfText,
    eot: endOfTurn,
    unknown: namedId(tokenizer, "unk_token"),
    padding: namedId(tokenizer, "pad_token"),
  };
  const metadata = new Map([
    ["tokenizer.ggml.model", string("gpt2")],
    ["tokenizer.ggml.pre", string(isOfWords ? "gpt-2" : requirePattern(file))],
    ...tokenLists(tokenizer, file, rows, isOfWords ? tokenTypes.userDefined : tokenTypes.normal),
    ["tokenizer.ggml.merges", strings(file.merges.map((pair) => pair.join(" ")))],
    ["tokenizer.ggml.add_bos_token", bool(tokenizer.beginOfText !== undefined)],
  ]);
  for (const [kind, id] of Object.entries(ids)) {
    if (id !== undefined) metadata.set(`tokenizer.ggml.${kind}_token_id`, uint32(id));
  }
  const template = chatTemplate(tokenizer);
  if (template !== undefined) metadata.set("tokenizer.chat_template", string(template));
  return metadata;
}

function tokenLists(
  tokenizer: Tokenizer,
  file: TokenizerFile,
  rows: number,
  ofWords: number,
): [string, GgufValue][] {
  const added = new Map(file.addedTokens.map(({ id, special }) => [id, special]));
  const { control, userDefined, unused } = tokenTypes;
  const tokens: string[] = [];
  const types: number[] = [];
  for (let id = 0; id < rows; id++) {
    const token = tokenizer.idToToken(id);
    tokens.push(token ?? `[PAD${id}]`);
    if (token === undefined) types.push(unused);
    else if (!added.has(id)) types.push(ofWords);
    else types.push(added.get(id) ? control : userDefined);
  }
  checkTexts(tokens);
  return [
    ["tokenizer.ggml.tokens", strings(tokens)],
    ["tokenizer.ggml.token_type", int32s(types)],
  ];
}

/** llama.cpp ends the process when two tokens have one text, and reads a text up to a zero byte. */
function checkTexts(tokens: readonly string[]): void {
  const first = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    if (/^[^\0]+$/.test(token) && !first.has(token)) first.set(token, id);
    else {
      throw new GgufError(
        "a token's text is empty, has a zero character or is another token's, which llama.cpp does not take",
        `token ${id}: ${JSON.stringify(token)}`,
        "give each token a text of its own",
      );
    }
  }
}

/** llama.cpp takes token 11 for the end of text where the file names none. */
function requireEndOfText({ endOfText, specialTokens }: Tokenizer): number {
  if (endOfText !== undefined) return endOfText;
  throw new GgufError(
    "llama.cpp needs an end-of-text token, and the tokenizer has none",
    `special tokens: ${[...specialTokens.keys()].join(" ") || "none"}`,
    "name the token as eos_token in tokenizer_config.json, or train with a tokenizer that has <|endoftext|>",
  );
}

/** Whether encoding is: cut at white space, look up. */
const hasWholeWords = ({ json, model, addedTokensTouchNeighbours }: TokenizerFile) =>
  model.type === "WordLevel" &&
  isObject(json.pre_tokenizer) &&
  json.pre_tokenizer.type === "WhitespaceSplit" &&
  !json.normalizer &&
  !addedTokensTouchNeighbours;

/** Throws unless encoding is: cut out added tokens, cut the rest into words, merge the bytes of each word. */
function checkByteLevel({ json, model, addedTokensTouchNeighbours }: TokenizerFile): void {
  const isBpe = model.type === "BPE" || (model.type === undefined && Array.isArray(model.merges));
  if (!isBpe) throw inexpressible(`a ${model.type} model`);
  const unusual = ["dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"];
  for (const key of unusual) if (model[key]) throw inexpressible(`${key} ${JSON.stringify(model[key])}`);
  const { decoder, normalizer } = json;
  if (!isObject(decoder) || decoder.type !== "ByteLevel") throw inexpressible("tokens that are not bytes");
  if (isObject(normalizer) && normalizer.type !== "NFC")
    throw inexpressible(`a ${normalizer.type} normalizer`);
  if (addedTokensTouchNeighbours) throw inexpressible("an added token with lstrip, rstrip or single_word");
}

function requirePattern(file: TokenizerFile): string {
  const name = wordPatternName(file);
  if (name !== undefined) return name;
  const ignoring = file.model.ignore_merges ? ", with ignore_merges" : "";
  throw inexpressible(`pre_tokenizer ${JSON.stringify(file.json.pre_tokenizer).slice(0, 300)}${ignoring}`);
}

function inexpressible(found: string): GgufError {
  return new GgufError(
    "llama.cpp cannot tokenize exactly as this tokenizer does",
    found,
    "GGUF takes byte-level BPE with the words of GPT-2, Qwen2, Llama 3 or SmolLM, and the words of music. Export as safetensors or onnx",
  );
}

/** The template, or of several the one called default. */
function chatTemplate({ config }: Tokenizer): string | undefined {
  const given = config?.chat_template;
  const named = Array.isArray(given)
    ? given.find((one) => isObject(one) && one.name === "default")
    : undefined;
  const template = isObject(named) ? named.template : given;
  return typeof template === "string" ? template : undefined;
}
