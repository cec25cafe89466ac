/** Texts, and the files of a product, in another language. */
import { type GlossaryTerm, readGlossary } from "../../../features/localisation/glossary.js";
import { arbFormat, jsonFormat } from "../../../features/localisation/json.js";
import { jsonLinesFormat, linesFormat } from "../../../features/localisation/lines.js";
import { markdownFormat } from "../../../features/localisation/markdown.js";
import type { Message, MessageFormat } from "../../../features/localisation/message-format.js";
import { poFormat } from "../../../features/localisation/po.js";
import { type SourceHashes, sourceHashes, staleKeys } from "../../../features/localisation/stale-messages.js";
import { xliffFormat } from "../../../features/localisation/xliff.js";
import { GenerationError } from "../../../generation/errors.js";
import type { InputFile, Named, Output, Surroundings, UseRequest } from "../../modality.js";
import { memoryOf } from "./memory.js";
import { type MessageOptions, phraseOf, type TranslatedMessage, translateMessages } from "./messages.js";
import type { TranslatingOptions } from "./options.js";
import { languageTo, type Saved, type Translating, translatingOf } from "./saved.js";

/** Beside what is written: of which sources it holds the translations. */
const sourcesEnding = ".sources.json";

/** Given texts, or the messages of one file. What the model's run learned from is asked before the model. */
export async function* translateInputs(
  named: Named<Saved>,
  { inputs, wanted }: UseRequest,
  { to: asked, from, glossary, field, review = false, ...searching }: TranslatingOptions,
  around: Surroundings,
): AsyncGenerator<Output> {
  const saved = await named.open();
  const to = languageTo(saved, asked, from);
  const translating = await translatingOf(named, saved, around);
  const memory = await memoryOf(named, saved, to);
  const terms = glossary && readGlossary(textOf(glossary));
  const options = { ...searching, to, memory, glossary: terms };
  const files = inputs.filter(({ name }) => name !== "");
  if (files.length > 1 || (files.length === 1 && inputs.length > 1)) throw severalFiles(inputs);
  if (files.length === 0) {
    if (wanted) throw noFile(inputs.length);
    yield textsOutput(await translateMessages(translating, inputs.map(textOf), options), review);
    return;
  }
  yield* translateFile(translating, files[0], wanted, { ...options, field, review });
}

interface FileOptions extends MessageOptions {
  readonly glossary?: readonly GlossaryTerm[];
  /** Of JSON lines. */
  readonly field: string;
  readonly review: boolean;
}

async function* translateFile(
  translating: Translating,
  file: InputFile,
  wanted: UseRequest["wanted"],
  { field, review, ...options }: FileOptions,
): AsyncGenerator<Output> {
  const [ending = ""] = /\.[^./\\]+$/.exec(file.name.toLowerCase()) ?? [];
  if (wanted && wanted.ending !== ending) throw otherForm(file.name, wanted.ending);
  const format = formatOf(ending, options.to, field);
  const text = textOf(file);
  const existing = format.isBilingual ? undefined : decoded(await wanted?.held?.());
  const messages = format.read(text, existing);
  const before = hashesOf(decoded(await wanted?.held?.(sourcesEnding)));
  const stale = new Set(staleKeys(before, messages));
  const todo = messages.filter(({ key }) => stale.has(key));
  const translated = await translateMessages(
    translating,
    todo.map(({ source }) => source),
    options,
  );
  const done = todo.flatMap(({ key }, i) =>
    translated[i].target === undefined ? [] : ([[key, translated[i].target]] as const),
  );
  const written = format.write(text, new Map(done), existing);
  const figures = {
    to: options.to,
    messages: messages.length,
    kept: messages.length - todo.length,
    translated: todo.map(({ key }, i) => ({ key, ...translated[i] })),
  };
  const remark = remarkOf(messages, todo, translated);
  const table = review ? reviewOf(translated, todo) : undefined;
  if (!wanted) {
    yield {
      kind: "figures",
      figures: { ...figures, text: written },
      text: table ?? written.trimEnd(),
      remark,
    };
    return;
  }
  yield { kind: "file", name: file.name, bytes: new TextEncoder().encode(written) };
  const failed = new Set(todo.flatMap(({ key }, i) => (translated[i].target === undefined ? [key] : [])));
  const hashes = sourceHashes(messages.filter(({ key }) => !failed.has(key)));
  const bytes = new TextEncoder().encode(`${JSON.stringify(hashes, null, 2)}\n`);
  yield { kind: "file", name: file.name, bytes, beside: sourcesEnding };
  yield { kind: "figures", figures, text: table, remark };
}

function formatOf(ending: string, to: string, field: string): MessageFormat {
  const formats: Readonly<Record<string, MessageFormat>> = {
    ".json": jsonFormat,
    ".arb": arbFormat(to),
    ".po": poFormat,
    ".xlf": xliffFormat,
    ".xliff": xliffFormat,
    ".md": markdownFormat,
    ".jsonl": jsonLinesFormat(field),
  };
  return formats[ending] ?? linesFormat;
}

function textsOutput(translated: readonly TranslatedMessage[], review: boolean): Output {
  const figures = {
    translations: translated.map(({ isRemembered, ...rest }) => ({ ...rest, remembered: isRemembered })),
  };
  const text = review
    ? reviewOf(translated)
    : translated.map(({ source, target = source }) => target).join("\n");
  const flags = translated.flatMap(({ flags }) => flags.map(phraseOf));
  return {
    kind: "figures",
    figures,
    text,
    remark: flags.length > 0 ? `look at: ${flags.join(", ")}` : undefined,
  };
}

/** The least sure first. */
function reviewOf(translated: readonly TranslatedMessage[], messages?: readonly Message[]): string {
  const rows = translated.map((one, i) => ({ ...one, key: messages?.[i].key }));
  rows.sort((a, b) => a.confidence - b.confidence);
  return rows
    .map(({ key, source, target, confidence, flags, isRemembered }) => {
      const sure = isRemembered ? "memory" : confidence.toFixed(2);
      const told = [sure, ...(key === undefined ? [] : [key]), ...flags.map(phraseOf)].join("  ");
      return `${told}\n  ${source}\n  ${target ?? "(not written)"}`;
    })
    .join("\n");
}

function remarkOf(
  messages: readonly Message[],
  todo: readonly Message[],
  translated: readonly TranslatedMessage[],
): string {
  const fromMemory = translated.filter(({ isRemembered }) => isRemembered).length;
  const flagged = todo.flatMap(({ key }, i) =>
    translated[i].flags.length > 0 ? [`${key}: ${translated[i].flags.map(phraseOf).join(", ")}`] : [],
  );
  const broken = translated.filter(({ target }) => target === undefined).length;
  return [
    `${translated.length - broken} of ${messages.length} messages translated, ${fromMemory} of them from memory`,
    `${messages.length - todo.length} kept`,
    ...(broken > 0 ? [`${broken} not written`] : []),
    ...(flagged.length > 0
      ? [
          `look at ${flagged.slice(0, 5).join("; ")}${flagged.length > 5 ? ` and ${flagged.length - 5} more` : ""}`,
        ]
      : []),
  ].join("; ");
}

function hashesOf(text: string | undefined): SourceHashes {
  if (text === undefined) return {};
  try {
    return JSON.parse(text) as SourceHashes;
  } catch {
    // Without them all that has a translation counts as translated.
    return {};
  }
}

const textOf = ({ bytes }: InputFile) => decoded(bytes)!;

/** With the mark of byte order that a file may begin with. */
function decoded(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function severalFiles(inputs: readonly InputFile[]): GenerationError {
  return new GenerationError(
    "several files are given at once",
    inputs.map(({ name }) => name || "a text").join(", "),
    "translate one file a command, or give texts alone",
  );
}

function noFile(count: number): GenerationError {
  return new GenerationError(
    "texts are printed, not written",
    `--out with ${count === 1 ? "a text" : `${count} texts`}`,
    "leave --out out, or give a file to translate",
  );
}

function otherForm(name: string, ending: string): GenerationError {
  return new GenerationError(
    "a file cannot become one of another form",
    `${name} and --out ending in ${ending}`,
    "give --out the ending of the file",
  );
}
