/** The metadata `tokenizer.*` of a GGUF file as the files that a Hugging Face model has for it. */
import { byteToken } from "../../features/tokenizer/byte-alphabet.js";
import { surrounding } from "../../features/tokenizer/post-processor.js";
import { wordLevelJson } from "../../features/tokenizer/word-level.js";
import type { JsonObject } from "../folder-files.js";
import { damaged, type MetadataValue } from "./cursor.js";
import { GgufError } from "./errors.js";
import type { OpenGguf } from "./open-gguf.js";
import { sentencePieceModel, sentencePieceSteps, tokenWithoutParts } from "./sentencepiece.js";
import { musicKey, tokenTypes } from "./vocabulary.js";
import { wordsOf } from "./word-pattern.js";

/** What a model's folder says of its tokens. */
export interface TokenizerFiles {
  /** `tokenizer.json` and `tokenizer_config.json`. */
  readonly tokenizer: JsonObject;
  readonly config: JsonObject;
  /** For `config.json` and `generation_config.json`: what begins a text, and all that ends one or a turn of a chat. */
  readonly ids: { readonly bos_token_id: number | null; readonly eos_token_id: readonly number[] };
}

/** Keys that are read here, or that say nothing of how texts become tokens. */
const known = new Set(
  `model pre tokens token_type merges scores add_bos_token add_eos_token bos_token_id eos_token_id eot_token_id
  eom_token_id unknown_token_id padding_token_id seperator_token_id separator_token_id cls_token_id mask_token_id
  fim_pre_token_id fim_suf_token_id fim_mid_token_id fim_pad_token_id fim_rep_token_id fim_sep_token_id
  prefix_token_id suffix_token_id middle_token_id token_type_count`.split(/\s+/),
);
const start = "tokenizer.ggml.";

/**
 * Byte-level BPE with words that we cut as llama.cpp does, where a text is not normalised first, as llama.cpp does not;
 * SentencePiece's BPE without a space before a text, as Gemma has it; and the whole words of music, as we write them.
 * Throws `GgufError` for any other tokenizer.
 */
export function tokenizerFiles({ metadata, source }: OpenGguf): TokenizerFiles {
  const get = (key: string) => metadata.get(start + key);
  checkKeys(metadata, source);
  const tokens = textsOf(get("tokens"), "tokens", source);
  const kinds = byKind(tokens, get("token_type"), source);
  const { added } = kinds;
  const ofMusic = metadata.get(musicKey) !== undefined;
  const id = (key: string) => tokenId(get(`${key}_token_id`), tokens.length, key, source);
  const text = (key: string, name: string) => {
    const found = id(key);
    return found === undefined ? {} : { [name]: tokens[found] };
  };
  const bos = id("bos");
  const ends = [id("eos"), id("eot") ?? endOfTurn(added), id("eom")].filter((end) => end !== undefined);
  const adds = get("add_bos_token") === true;
  const template = metadata.get("tokenizer.chat_template");
  return {
    tokenizer: ofMusic
      ? wholeWords(kinds, tokens[id("unknown") ?? id("eos") ?? 0], source)
      : {
          version: "1.0",
          truncation: null,
          padding: null,
          added_tokens: added,
          post_processor: adds && bos !== undefined ? surrounding({ before: [tokens[bos], bos] }) : null,
          ...(get("model") === "llama" ? sentencePiece(get, kinds, source) : byteLevel(get, kinds, source)),
        },
    config: {
      ...text("bos", "bos_token"),
      ...text("eos", "eos_token"),
      ...text("unknown", "unk_token"),
      ...text("padding", "pad_token"),
      ...(adds ? { add_bos_token: true } : {}),
      ...(typeof template === "string" ? { chat_template: template } : {}),
    },
    ids: { bos_token_id: bos ?? null, eos_token_id: [...new Set(ends)] },
  };
}

/** As we write them: each token is found by itself, and none is unused in between. */
function wholeWords({ vocabulary, added }: Kinds, unknown: string, source: string): JsonObject {
  const [odd] = Object.keys(vocabulary);
  if (odd !== undefined) throw unreadable(source, `${JSON.stringify(odd)} among the words of music`);
  const special = added.filter((token) => token.special).map(({ content }) => content);
  return wordLevelJson({ tokens: added.map(({ content }) => content), special, unknown });
}

type Get = (key: string) => MetadataValue | undefined;

/** How texts become tokens of bytes. */
function byteLevel(get: Get, { vocabulary, bytes }: Kinds, source: string): JsonObject {
  const pre = get("pre");
  const words = get("model") === "gpt2" && typeof pre === "string" ? wordsOf(pre) : undefined;
  if (!words) {
    throw unreadable(source, `tokenizer.ggml.model ${shown(get("model"))}, tokenizer.ggml.pre ${shown(pre)}`);
  }
  if (bytes.size > 0)
    throw unreadable(source, `token ${JSON.stringify([...bytes.keys()][0])} is of type ${tokenTypes.byte}`);
  return {
    normalizer: null,
    pre_tokenizer: words.preTokenizer,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      ignore_merges: words.ignoreMerges,
      vocab: vocabulary,
      merges: textsOf(get("merges"), "merges", source),
    },
  };
}

/** How texts become tokens of SentencePiece, where no space is put before them. */
function sentencePiece(get: Get, { vocabulary, normal, bytes }: Kinds, source: string): JsonObject {
  const scores = get("scores");
  const count = (get("tokens") as readonly unknown[]).length;
  if (!Array.isArray(scores) || scores.length !== count || !scores.every((s) => typeof s === "number"))
    throw damaged(source, "its tokens have no scores", `${count} tokens, ${shown(scores)}`);
  if (get("add_space_prefix") !== false)
    throw unreadable(source, `${start}add_space_prefix ${shown(get("add_space_prefix"))}`);
  const byToken = new Map([...normal].map(([token, id]) => [token, scores[id] as number]));
  const lacking = Array.from({ length: 256 }, (_, byte) => byteToken(byte)).find((byte) => !bytes.has(byte));
  if (lacking !== undefined) throw unreadable(source, `no token for the byte ${lacking}`);
  const odd = tokenWithoutParts(byToken);
  if (odd !== undefined) throw unreadable(source, `a token of unknown characters, ${JSON.stringify(odd)}`);
  return { ...sentencePieceSteps, model: sentencePieceModel(vocabulary, byToken) };
}

interface Kinds {
  /** All but those that are found as a whole. */
  readonly vocabulary: Readonly<Record<string, number>>;
  readonly added: readonly AddedEntry[];
  readonly normal: ReadonlyMap<string, number>;
  readonly bytes: ReadonlyMap<string, number>;
}

interface AddedEntry {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

/** How a chat's turn ends in the files that do not name its token. [llama-vocab.cpp, special_eot_id] */
const turnEnds = ["<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>"];

const endOfTurn = (added: readonly AddedEntry[]) =>
  added.find(({ content, special }) => special && turnEnds.includes(content))?.id;

/** Tokens that words are made of, and those that are found as a whole. Unused ones at the end are left out. */
function byKind(
  tokens: readonly string[],
  types: MetadataValue = tokens.map(() => tokenTypes.normal),
  source: string,
): Kinds {
  if (!Array.isArray(types) || types.length !== tokens.length) {
    throw damaged(source, "its tokens have no types", `${tokens.length} tokens, ${shown(types)}`);
  }
  const { normal, unknown, control, userDefined, unused, byte } = tokenTypes;
  const whole = new Set([unknown, control, userDefined]);
  const [vocabulary, normals, bytes] = [0, 0, 0].map(() => new Map<string, number>());
  const added: AddedEntry[] = [];
  const end = types.findLastIndex((type) => type !== unused) + 1;
  const seen = new Set<string>();
  for (const [id, content] of tokens.slice(0, end).entries()) {
    const type = types[id];
    if (content === "" || seen.has(content)) {
      throw damaged(source, "a token has no text of its own", `token ${id}: ${JSON.stringify(content)}`);
    }
    seen.add(content);
    if (whole.has(type)) added.push({ ...addedToken, id, content, special: type !== userDefined });
    else if (type === normal || type === unused || type === byte) vocabulary.set(content, id);
    else throw unreadable(source, `token ${id}, ${JSON.stringify(content)}, is of type ${type}`);
    if (type === normal) normals.set(content, id);
    if (type === byte) bytes.set(content, id);
  }
  return { vocabulary: Object.fromEntries(vocabulary), added, normal: normals, bytes };
}

/** llama.cpp finds such tokens wherever they stand, and leaves the spaces around them. */
const addedToken = { single_word: false, lstrip: false, rstrip: false, normalized: false };

function textsOf(value: MetadataValue | undefined, key: string, source: string): readonly string[] {
  if (Array.isArray(value) && value.every((text) => typeof text === "string")) return value;
  throw damaged(source, `its ${start}${key} is no list of texts`, shown(value));
}

function tokenId(
  value: MetadataValue | undefined,
  count: number,
  key: string,
  source: string,
): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < count) return value;
  throw damaged(source, `its ${key}_token_id is no token`, `${shown(value)} of ${count}`);
}

/** A setting that is off, such as `add_space_prefix`, changes nothing. */
function checkKeys(metadata: OpenGguf["metadata"], source: string): void {
  for (const [key, value] of metadata) {
    const isOn = value !== false && value !== 0;
    if (key.startsWith(start) && isOn && !known.has(key.slice(start.length)))
      throw unreadable(source, `${key} ${shown(value)}`);
  }
}

function unreadable(source: string, found: string): GgufError {
  return new GgufError(
    "a GGUF file has a tokenizer that cannot be read exactly",
    `${found}, in ${source}`,
    "byte-level BPE with the words of GPT-2, Qwen2, Llama 3 or SmolLM can be read, SentencePiece as Gemma has it, and our " +
      "words of music: " +
      "take the model as a folder of safetensors, which has its tokenizer.json",
  );
}

function shown(value: MetadataValue | undefined): string {
  return value === undefined ? "missing" : String(JSON.stringify(value)).slice(0, 60);
}
