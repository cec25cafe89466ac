/** llama.cpp's ways to cut a text into words, as a `tokenizer.json` has them. [llama-vocab.cpp, regex_exprs] */
import { isObject, type JsonObject, type TokenizerFile } from "../../features/tokenizer/tokenizer-file.js";

const gpt2Pattern = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
const newerPattern = (digits: string) =>
  String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

/**
 * llama.cpp's names for the patterns, where words that are tokens are merged like others, and where they
 * are taken whole (`ignore_merges`). The second name belongs to the first pattern's own model.
 */
const patterns: Readonly<Record<string, { merging?: string; whole?: string }>> = {
  [gpt2Pattern]: { merging: "gpt-2" },
  [newerPattern(String.raw`\p{N}`)]: { merging: "qwen2" },
  [newerPattern(String.raw`\p{N}{1,3}`)]: { merging: "dbrx", whole: "llama-bpe" },
};

/** The value of `tokenizer.ggml.pre`; undefined when llama.cpp has no such way. */
export function wordPatternName({ json, model, merges }: TokenizerFile): string | undefined {
  const steps = stepsOf(json.pre_tokenizer);
  const last = steps.at(-1);
  if (last?.type !== "ByteLevel" || last.add_prefix_space) return undefined;
  const isWhole = model.ignore_merges === true;
  const hasGpt2Words = last.use_regex !== false;
  const [first, ...more] = steps.slice(0, -1);
  if (more.length > 0) return undefined;
  if (!first) {
    // Without merges every byte is a token, however the text is cut.
    return !isWhole && (hasGpt2Words || merges.length === 0) ? "gpt-2" : undefined;
  }
  if (first.type === "Digits" && first.individual_digits && hasGpt2Words && !isWhole) return "smollm";
  const pattern = hasGpt2Words ? undefined : splitPattern(first);
  const names = pattern === undefined ? undefined : patterns[pattern];
  return isWhole ? names?.whole : names?.merging;
}

const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };

/** Names of models that have their words cut in the same way. */
const alike: Readonly<Record<string, string>> = {
  ...named("gpt-2", "phi-2 mpt olmo jais gigachat mellum trillion exaone4"),
  ...named("smollm", "starcoder refact command-r codeshell exaone minerva-7b"),
  ...named("qwen2", "deepseek-r1-qwen megrez stablelm2 hunyuan grok-2"),
  ...named("dbrx", "smaug-bpe glm4 chatglm-bpe"),
  ...named("llama-bpe", "llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2"),
};

function named(way: string, names: string): Record<string, string> {
  return Object.fromEntries([way, ...names.split(" ")].map((name) => [name, way]));
}

/** The parts of a `tokenizer.json` for a value of `tokenizer.ggml.pre`; undefined for one that is not known. */
export function wordsOf(name: string): { preTokenizer: JsonObject; ignoreMerges: boolean } | undefined {
  const way = Object.hasOwn(alike, name) ? alike[name] : undefined;
  if (way === "gpt-2") return { preTokenizer: { ...byteLevel, use_regex: true }, ignoreMerges: false };
  if (way === "smollm") {
    const digits = { type: "Digits", individual_digits: true };
    return { preTokenizer: sequence(digits, true), ignoreMerges: false };
  }
  const [Regex] =
    Object.entries(patterns).find(([, { merging, whole }]) => way === merging || way === whole) ?? [];
  if (way === undefined || Regex === undefined) return undefined;
  const split = { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false };
  return { preTokenizer: sequence(split, false), ignoreMerges: patterns[Regex].whole === way };
}

const sequence = (first: JsonObject, use_regex: boolean): JsonObject => ({
  type: "Sequence",
  pretokenizers: [first, { ...byteLevel, use_regex }],
});

function stepsOf(preTokenizer: unknown): JsonObject[] {
  if (!isObject(preTokenizer)) return [];
  const steps = preTokenizer.type === "Sequence" ? preTokenizer.pretokenizers : [preTokenizer];
  return Array.isArray(steps) && steps.every(isObject) ? steps : [];
}

/** The regular expression of a step that only cuts. */
function splitPattern({ type, pattern, behavior, invert }: JsonObject): string | undefined {
  const cuts = type === "Split" && behavior === "Isolated" && !invert;
  return cuts && isObject(pattern) && typeof pattern.Regex === "string" ? pattern.Regex : undefined;
}
