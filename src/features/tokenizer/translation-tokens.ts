/** Tokens with a meaning of their own in vocabularies for translation. */
import { type Tokenizer, TokenizerError } from "./tokenizer.js";

/** Fills up rows, and stands before a translation's first token, as in T5. */
export const padToken = "<pad>";
/** Ends a sentence, as in T5. */
export const endToken = "</s>";
/** Stands for a span that is to be told, as in BART. */
export const maskToken = "<mask>";
/** Begins a source that a model made up from its target (Caswell et al. 2019, "Tagged Back-Translation"). */
export const backTranslationToken = "<BT>";
/** Stand for what is no language and must survive: placeholders, markup, addresses. */
export const placeholderTokens: readonly string[] = Array.from({ length: 10 }, (_, i) => `<ph${i}>`);

/** Stands before a source: in which language its translation is to be, as in Marian's multilingual models. */
export const languageToken = (language: string) => `>>${language}<<`;

/** All of a vocabulary for these languages. */
export function translationTokens(languages: readonly string[]): string[] {
  return [
    padToken,
    endToken,
    maskToken,
    backTranslationToken,
    ...placeholderTokens,
    ...languages.map(languageToken),
  ];
}

/** The languages that can be written: those that there is a token for, or else a task, as in T5. */
export function languagesOf(tokenizer: Pick<Tokenizer, "specialTokens" | "config">): string[] {
  const own = [...tokenizer.specialTokens.keys()].flatMap(
    (token) => /^>>(.+)<<$/.exec(token)?.slice(1) ?? [],
  );
  return own.length > 0 ? own : [...new Set(tasksOf(tokenizer).map(({ to }) => to))];
}

/** From which languages into which can be translated: between all that there is a token for, or else as T5's tasks say. */
export function directionsOf(
  tokenizer: Pick<Tokenizer, "specialTokens" | "config">,
): readonly (readonly [from: string, to: string])[] {
  const tasks = tasksOf(tokenizer);
  if (tasks.length > 0) return tasks.map(({ from, to }) => [from, to]);
  const languages = languagesOf(tokenizer);
  return languages.flatMap((from) => languages.filter((to) => to !== from).map((to) => [from, to] as const));
}

/**
 * What stands before a source that is to be translated into a language: its token, or as in T5 the words of the task.
 * Throws `TokenizerError` where there is neither.
 */
export function languagePrefix(tokenizer: Tokenizer, language: string): readonly number[] {
  const task = tasksOf(tokenizer).find(({ to }) => to === language);
  return task ? [...tokenizer.encode(task.prefix)] : [specialId(tokenizer, languageToken(language))];
}

/** Where the config of T5 tells its tasks. */
export const taskParameters = "task_specific_params";

/**
 * What T5 learned to do with a source that begins with certain words, such as "translate English to German" (Raffel et al.
 * 2020, section 2.4); its sentence-pieces begin the next word by themselves. None where there are tokens of languages.
 */
function tasksOf({ specialTokens, config }: Pick<Tokenizer, "specialTokens" | "config">) {
  if ([...specialTokens.keys()].some((token) => token.startsWith(">>"))) return [];
  return Object.entries<unknown>(Object(config?.[taskParameters])).flatMap(([name, task]) => {
    const [, from, to] = /^translation_(\w+)_to_(\w+)$/.exec(name) ?? [];
    const { prefix }: { prefix?: unknown } = Object(task);
    return from !== undefined && typeof prefix === "string" ? [{ from, to, prefix: prefix.trimEnd() }] : [];
  });
}

/** The id of a special token. Throws `TokenizerError` where there is none of that name. */
export function specialId({ specialTokens }: Pick<Tokenizer, "specialTokens">, token: string): number {
  const id = specialTokens.get(token);
  if (id !== undefined) return id;
  throw new TokenizerError(
    "the vocabulary has no token of that name",
    `${JSON.stringify(token)}; special tokens: ${[...specialTokens.keys()].join(" ") || "none"}`,
    "use a tokenizer that was made for translation",
  );
}
