import type { Folder } from "../../files/folder.js";
import { withAddedTokens } from "./added-tokens.js";
import { BpeTokenizer } from "./bpe.js";
import { BYTE_CHARACTERS } from "./byte-alphabet.js";
import { ByteTokenizer } from "./byte-tokenizer.js";
import { CharacterTokenizer } from "./character-tokenizer.js";
import { readGpt2Files } from "./gpt2-files.js";
import { HuggingFaceTokenizer } from "./hugging-face-tokenizer.js";
import { surroundingTokens } from "./post-processor.js";
import { type Tokenizer, TokenizerError } from "./tokenizer.js";
import {
  damaged,
  decodeUtf8,
  isObject,
  type JsonObject,
  parseJsonObject,
  readTokenizerFile,
  type TokenizerFile,
  tokenName,
} from "./tokenizer-file.js";

const TEMPLATE_FILE = "chat_template.jinja";
const OLD_TEMPLATE_FILE = "chat_template.json";

/**
 * Reads the tokenizer of a model folder: `tokenizer.json`, or GPT-2's `vocab.json` and `merges.txt`. Its
 * `config` is `special_tokens_map.json`, over that `tokenizer_config.json`, and as `chat_template` what
 * `chat_template.jinja` holds, or `chat_template.json` where nothing else has one. Byte-level BPE with GPT-2's word
 * pattern, with each digit apart or not, bytes and characters run in our own code; every other kind runs in
 * `@huggingface/tokenizers`. What else is known of its config is `given`. Throws `TokenizerError` for missing and damaged
 * files, naming the file and the place.
 */
export async function loadTokenizer(folder: Folder, given: JsonObject = {}): Promise<Tokenizer> {
  const config = {
    ...(await readOldTemplate(folder)),
    ...(await readOptional(folder, "special_tokens_map.json")),
    ...(await readOptional(folder, "tokenizer_config.json")),
    ...(await readTemplate(folder)),
    ...given,
  };
  const json = await readOptional(folder, "tokenizer.json");
  if (json !== undefined) return tokenizerFromJson(json, config, `${folder.location}/tokenizer.json`);
  const vocabulary = await readOptional(folder, "vocab.json");
  const merges = await folder.size("merges.txt");
  if (vocabulary !== undefined && merges !== undefined) return readGpt2Files(folder, vocabulary, config);
  throw new TokenizerError(
    "the folder has no tokenizer",
    `${folder.location} has ${(await folder.list("")).join(", ") || "no files"}`,
    "give a folder with tokenizer.json, or with vocab.json and merges.txt",
  );
}

/** Writes `tokenizer.json` and `tokenizer_config.json`, so that the folder opens in Hugging Face libraries. */
export async function saveTokenizer(tokenizer: Tokenizer, folder: Folder): Promise<void> {
  const endOfText = tokenizer.endOfText === undefined ? undefined : tokenizer.idToToken(tokenizer.endOfText);
  const config = {
    tokenizer_class: "PreTrainedTokenizerFast",
    clean_up_tokenization_spaces: false,
    ...(endOfText === undefined ? {} : { eos_token: endOfText }),
    ...tokenizer.config,
  };
  await folder.write("tokenizer.json", JSON.stringify(tokenizer.toJSON()));
  await folder.write("tokenizer_config.json", `${JSON.stringify(config, null, 2)}\n`);
  // One from before would count for more than the config, or where that has none.
  for (const file of [TEMPLATE_FILE, OLD_TEMPLATE_FILE]) await folder.remove(file);
}

/** Builds the tokenizer that a parsed `tokenizer.json` describes; `source` names the file in messages. */
export function tokenizerFromJson(
  json: object,
  config: JsonObject = {},
  source = "tokenizer.json",
): Tokenizer {
  if (!isObject(json)) throw damaged(source, "the top", json, "an object");
  const endOfText = tokenName(config, "eos_token");
  const file = readTokenizerFile(json, source, endOfText);
  const keep = Object.keys(config).length > 0 ? config : undefined;
  const { addedTokens, merges, unknownToken } = file;
  switch (kindOf(file)) {
    case "bpe":
      return new BpeTokenizer({
        vocabulary: file.vocabulary,
        merges,
        addedTokens,
        digitsApart: hasDigitsApart(file),
        endOfText,
        source,
        config: keep,
      });
    case "bytes":
      return new ByteTokenizer(addedTokens, endOfText, keep);
    case "characters": {
      const characters = withoutAdded(file);
      return new CharacterTokenizer({
        characters,
        addedTokens,
        unknownToken,
        endOfText,
        source,
        config: keep,
      });
    }
    default:
      withAddedTokens(file.vocabulary, addedTokens, source);
      return new HuggingFaceTokenizer(file.json, addedTokens, endOfText, config, source);
  }
}

type Kind = "bpe" | "bytes" | "characters" | "other";

/** Which of our own tokenizers does exactly what the file says, if any. */
function kindOf(file: TokenizerFile): Kind {
  const { json, model, merges } = file;
  if (model.type !== "BPE" && !(model.type === undefined && Array.isArray(model.merges))) return "other";
  const unusual = [
    "dropout",
    "continuing_subword_prefix",
    "end_of_word_suffix",
    "byte_fallback",
    "ignore_merges",
  ];
  if (unusual.some((key) => model[key]) || file.addedTokensTouchNeighbours || json.normalizer) return "other";
  if (surroundingTokens(json.post_processor).before.length > 0) return "other";
  const { pre_tokenizer: preTokenizer, decoder } = json;
  if (preTokenizer === null) return isCharacters(file) ? "characters" : "other";
  if (!isObject(decoder) || decoder.type !== "ByteLevel") return "other";
  if (hasDigitsApart(file)) return "bpe";
  if (!isByteLevel(preTokenizer)) return "other";
  if (preTokenizer.use_regex !== false) return "bpe";
  return merges.length === 0 && isBytes(file) ? "bytes" : "other";
}

function isByteLevel(step: unknown): step is JsonObject {
  return isObject(step) && step.type === "ByteLevel" && !step.add_prefix_space;
}

function hasDigitsApart({ json: { pre_tokenizer: steps } }: TokenizerFile): boolean {
  if (!isObject(steps) || steps.type !== "Sequence" || !Array.isArray(steps.pretokenizers)) return false;
  const [digits, words, ...more] = steps.pretokenizers;
  if (!isObject(digits) || digits.type !== "Digits" || !digits.individual_digits) return false;
  return isByteLevel(words) && words.use_regex !== false && more.length === 0;
}

function isCharacters(file: TokenizerFile): boolean {
  const { decoder } = file.json;
  if (file.merges.length > 0 || !isObject(decoder) || decoder.type !== "Fuse" || file.model.fuse_unk)
    return false;
  return [...withoutAdded(file).keys()].every(
    (token) => String.fromCodePoint(token.codePointAt(0) ?? 0) === token,
  );
}

function isBytes(file: TokenizerFile): boolean {
  const bytes = withoutAdded(file);
  const ids = file.addedTokens.map((token) => token.id).sort((a, b) => a - b);
  return (
    bytes.size === BYTE_CHARACTERS.length &&
    BYTE_CHARACTERS.every((character, byte) => bytes.get(character) === byte) &&
    ids.every((id, i) => id === BYTE_CHARACTERS.length + i)
  );
}

function withoutAdded(file: TokenizerFile): Map<string, number> {
  const vocabulary = new Map(file.vocabulary);
  for (const { content } of file.addedTokens) vocabulary.delete(content);
  return vocabulary;
}

/** Newer versions of Transformers keep the chat template in a file of its own. */
async function readTemplate(folder: Folder): Promise<JsonObject> {
  if ((await folder.size(TEMPLATE_FILE)) === undefined) return {};
  return {
    chat_template: decodeUtf8(await folder.read(TEMPLATE_FILE), `${folder.location}/${TEMPLATE_FILE}`),
  };
}

/** Processors of Transformers once wrote it alone into a file. */
async function readOldTemplate(folder: Folder): Promise<JsonObject> {
  const { chat_template: template } = (await readOptional(folder, OLD_TEMPLATE_FILE)) ?? {};
  return template === undefined ? {} : { chat_template: template };
}

async function readOptional(folder: Folder, path: string): Promise<JsonObject | undefined> {
  if ((await folder.size(path)) === undefined) return undefined;
  return parseJsonObject(await folder.read(path), `${folder.location}/${path}`);
}
