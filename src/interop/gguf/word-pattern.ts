/** llama.cpp's ways to cut a text into words, as a `tokenizer.json` has them. [llama-vocab.cpp, regex_exprs] */
import { isObject, type JsonObject, type TokenizerFile } from "../../features/tokenizer/tokenizer-file.js";
import { byteLevel, digitsThenWords } from "../../features/tokenizer/tokenizer-json.js";

const gpt2Pattern = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
const [oneDigit, threeDigits] = [String.raw`\p{N}`, String.raw`\p{N}{1,3}`];
const newerPattern = (digits: string) =>
  String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

/**
 * llama.cpp's names for the patterns, where words that are tokens are merged like others, and where they
 * are taken whole (`ignore_merges`). The second name belongs to the first pattern's own model.
 */
const patterns: Readonly<Record<string, { merging?: string; whole?: string }>> = {
  [gpt2Pattern]: { merging: "gpt-2" },
  [newerPattern(oneDigit)]: { merging: "qwen2" },
  [newerPattern(threeDigits)]: { merging: "dbrx", whole: "llama-bpe" },
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

/** How a `tokenizer.json` says that texts are cut in one way. */
interface Words {
  readonly preTokenizer: object;
  readonly ignoreMerges: boolean;
}

const merging = (preTokenizer: object): Words => ({ preTokenizer, ignoreMerges: false });
const whole = (preTokenizer: object): Words => ({ preTokenizer, ignoreMerges: true });

const newerWords = (digits: string) => ({
  type: "Sequence",
  pretokenizers: [
    { type: "Split", pattern: { Regex: newerPattern(digits) }, behavior: "Isolated", invert: false },
    byteLevel(false),
  ],
});

/** llama.cpp's names, those first that we write; the others are of models whose words are cut alike. */
const ways: readonly (readonly [Words, string])[] = [
  [merging(byteLevel(true)), "gpt-2 phi-2 mpt olmo jais gigachat mellum trillion exaone4"],
  [merging(digitsThenWords), "smollm starcoder refact command-r codeshell exaone minerva-7b"],
  [merging(newerWords(oneDigit)), "qwen2 deepseek-r1-qwen megrez stablelm2 hunyuan grok-2"],
  [merging(newerWords(threeDigits)), "dbrx smaug-bpe glm4 chatglm-bpe"],
  [whole(newerWords(threeDigits)), "llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2"],
];

/** How texts are cut by a value of `tokenizer.ggml.pre`; undefined for one that is not known. */
export function wordsOf(name: string): Words | undefined {
  return ways.find(([, names]) => names.split(" ").includes(name))?.[0];
}

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
