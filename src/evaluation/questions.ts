/**
 * Questions with several answers, read from rows and written out as lm-evaluation-harness writes them, so that
 * results can be compared: `lm_eval/tasks/hellaswag/utils.py` and `lm_eval/tasks/arc/arc_easy.yaml`.
 */
import { allRows } from "../data/tables/rows.js";
import type { TableRow } from "../data/tables/table-row.js";
import { EvaluationError } from "./errors.js";
import { trim } from "./whitespace.js";

export interface Question {
  readonly context: string;
  /** What may follow the context and a space. At least two, none empty. */
  readonly choices: readonly string[];
  /** The index of the right choice. */
  readonly gold: number;
  /** Where it comes from: `file:row`. */
  readonly source: string;
}

export const tasks = ["hellaswag", "arc"] as const;
export type QuestionTask = (typeof tasks)[number];

/**
 * The questions of JSON Lines and Parquet files. Rows are HellaSwag's (activity_label, ctx_a, ctx_b, endings,
 * label) or ARC's (question, choices of text and label, answerKey), which `task` may insist on, or plain: query
 * or ctx, choices or endings, gold or label, taken as they are.
 * Throws `EvaluationError` naming file and row for one that is none of them; see also `allRows`.
 */
export async function* readQuestions(
  files: string | string[],
  task?: QuestionTask,
): AsyncGenerator<Question> {
  for await (const row of allRows(files)) {
    const question = readers[task ?? kindOf(row)](row);
    checkChoices(question);
    yield question;
  }
}

type Kind = QuestionTask | "plain";

const readers: Record<Kind, (row: TableRow) => Question> = {
  hellaswag(row) {
    const context = `${textOf(row, "ctx_a")} ${capitalised(textOf(row, "ctx_b"))}`;
    return {
      context: cleaned(`${textOf(row, "activity_label")}: ${context}`),
      choices: textsOf(row, "endings").map(cleaned),
      gold: indexOf(row, "label"),
      source: row.source,
    };
  },
  arc(row) {
    const choices = asTable(row.value.choices);
    const inner = { value: choices, source: `${row.source}, choices` };
    const labels = textsOf(inner, "label");
    const gold = labels.indexOf(textOf(row, "answerKey"));
    if (gold < 0) throw wrong(row, "answerKey", `one of ${labels.join(", ")}`);
    return {
      context: `Question: ${textOf(row, "question")}\nAnswer:`,
      choices: textsOf(inner, "text"),
      gold,
      source: row.source,
    };
  },
  plain(row) {
    return {
      context: textOf(row, firstOf(row, ["query", "ctx"])),
      choices: textsOf(row, firstOf(row, ["choices", "endings"])),
      gold: indexOf(row, firstOf(row, ["gold", "label"])),
      source: row.source,
    };
  },
};

function kindOf({ value }: TableRow): Kind {
  if (Object.hasOwn(value, "ctx_a") && Object.hasOwn(value, "endings")) return "hellaswag";
  return Object.hasOwn(value, "answerKey") ? "arc" : "plain";
}

/** HellaSwag's texts come with marks of the WikiHow pages that they were taken from. */
function cleaned(text: string): string {
  return trim(text)
    .replaceAll(" [title]", ". ")
    .replace(/\[[^\n]*?\]/g, "")
    .replaceAll("  ", " ");
}

/** Python's `str.capitalize`: the first character large, of its capitals one (ß is Ss), all others small. */
function capitalised(text: string): string {
  const [first = ""] = text;
  const [capital = "", ...others] = first.toUpperCase();
  return capital + (others.join("") + text.slice(first.length)).toLowerCase();
}

const firstOf = ({ value }: TableRow, names: readonly string[]) =>
  names.find((name) => Object.hasOwn(value, name)) ?? names.join('" or "');

const asTable = (value: unknown) =>
  (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;

function textOf(row: TableRow, name: string): string {
  const value = row.value[name];
  if (typeof value === "string") return value;
  throw wrong(row, name, "a text");
}

function textsOf(row: TableRow, name: string): string[] {
  const value = row.value[name];
  if (Array.isArray(value) && value.every((text) => typeof text === "string")) return value;
  throw wrong(row, name, "a list of texts");
}

/** A whole number, also written as a text, as HellaSwag's tables have it. */
function indexOf(row: TableRow, name: string): number {
  const value = row.value[name];
  const isWritten = typeof value === "string" && /^\d+$/.test(value);
  const number = isWritten ? Number(value) : value;
  if (Number.isSafeInteger(number)) return number as number;
  throw wrong(row, name, "the index of a choice");
}

function wrong({ value, source }: TableRow, name: string, expected: string): EvaluationError {
  const found = JSON.stringify(value[name]);
  const fields = Object.keys(value).join(", ") || "none";
  return new EvaluationError(
    `a row's "${name}" is not ${expected}`,
    found === undefined ? `${source} has: ${fields.slice(0, 200)}` : `${source}: ${found.slice(0, 80)}`,
    "write rows as HellaSwag or ARC have them, or with query, choices and gold",
  );
}

function checkChoices({ choices, gold, source }: Question): void {
  const empty = choices.indexOf("");
  if (choices.length >= 2 && empty < 0 && gold >= 0 && gold < choices.length) return;
  throw new EvaluationError(
    "a row is no question with one right answer",
    `${source}: ${choices.length} choices, ${empty < 0 ? `the right one is ${gold}, counted from 0` : `choice ${empty} is empty`}`,
    "give two or more choices with text, and the index of one of them",
  );
}
