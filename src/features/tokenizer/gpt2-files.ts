import type { Folder } from "../../files/folder.js";
import type { AddedToken } from "./added-tokens.js";
import { BpeTokenizer } from "./bpe.js";
import {
  damaged,
  decodeUtf8,
  isObject,
  type JsonObject,
  readVocabulary,
  tokenName,
} from "./tokenizer-file.js";

/**
 * GPT-2's own two files, `vocab.json` (given parsed) and `merges.txt`. Added tokens come from
 * `tokenizer_config.json`. Throws `TokenizerError` naming the file and the line.
 */
export async function readGpt2Files(
  folder: Folder,
  entries: JsonObject,
  config: JsonObject,
): Promise<BpeTokenizer> {
  const source = `${folder.location}/vocab.json`;
  const vocabulary = readVocabulary(entries, "the top", source);
  const mergesFile = `${folder.location}/merges.txt`;
  const merges = readMergeLines(
    decodeUtf8(await folder.read("merges.txt"), mergesFile),
    vocabulary,
    mergesFile,
  );
  const addedTokens = addedTokensOf(config, vocabulary, `${folder.location}/tokenizer_config.json`);
  const made = new Set([
    ...merges.map((pair) => pair.join("")),
    ...addedTokens.map((token) => token.content),
  ]);
  // Words that start with a space (Ġ) are never special tokens, so a merge must make them.
  const lost = [...vocabulary.keys()].find(
    (token) => token.length > 1 && token.startsWith("Ġ") && !made.has(token),
  );
  if (lost !== undefined) throw damaged(mergesFile, "the end", lost, "a merge for each word of vocab.json");
  return new BpeTokenizer({
    vocabulary,
    merges,
    addedTokens,
    endOfText: tokenName(config, "eos_token"),
    source,
    config,
  });
}

/** One merge a line after the version line. */
function readMergeLines(text: string, vocabulary: Map<string, number>, source: string): [string, string][] {
  const merges: [string, string][] = [];
  const seen = new Set<string>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line === "" || (i === 0 && line.startsWith("#version"))) continue;
    const pair = line.split(" ");
    if (pair.length !== 2 || !pair[0] || !pair[1]) {
      throw damaged(source, `line ${i + 1}`, line, "two tokens with a space between");
    }
    if (!pair.concat(pair.join("")).every((token) => vocabulary.has(token))) {
      throw damaged(source, `line ${i + 1}`, line, "tokens that vocab.json has");
    }
    if (seen.has(line)) throw damaged(source, `line ${i + 1}`, line, "a merge that is not listed before");
    seen.add(line);
    merges.push([pair[0], pair[1]]);
  }
  return merges;
}

/** The added tokens of a `tokenizer_config.json`, its end of text, and GPT-2's, where the vocabulary has them. */
function addedTokensOf(config: JsonObject, vocabulary: Map<string, number>, source: string): AddedToken[] {
  const found = new Map<string, AddedToken>();
  for (const [key, entry] of Object.entries(config.added_tokens_decoder ?? {})) {
    const id = Number(key);
    if (!isObject(entry) || typeof entry.content !== "string" || !entry.content || !Number.isInteger(id)) {
      throw damaged(source, `added_tokens_decoder[${JSON.stringify(key)}]`, entry, "a token and its id");
    }
    found.set(entry.content, { content: entry.content, id, special: entry.special === true });
  }
  for (const content of [tokenName(config, "eos_token"), "<|endoftext|>"]) {
    const id = content === undefined ? undefined : vocabulary.get(content);
    if (content !== undefined && id !== undefined && !found.has(content)) {
      found.set(content, { content, id, special: true });
    }
  }
  return [...found.values()];
}
