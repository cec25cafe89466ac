import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ByteWriter, parquetWrite } from "hyparquet-writer";
import { afterAll, describe, expect, it } from "vitest";
import { EvaluationError } from "./errors.js";
import { type Question, type QuestionTask, readQuestions } from "./questions.js";

const place = mkdtempSync(join(tmpdir(), "autodidact-questions-"));
afterAll(() => rmSync(place, { recursive: true, force: true }));

const write = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(place, name), content);
  return join(place, name);
};
const jsonl = (name: string, rows: readonly object[]) =>
  write(name, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
const read = async (file: string, task?: QuestionTask) => {
  const questions: Question[] = [];
  for await (const question of readQuestions(file, task)) questions.push(question);
  return questions;
};

const fan = {
  ind: 4,
  activity_label: "Home and Garden",
  ctx_a: "How to clean a fan [header] Unplug it. [title] Wipe the   blades. [step] Use a cloth.",
  ctx_b: "",
  ctx: "not read",
  endings: [
    "[substeps] Dry it [title] Well.  Wait\ta day.\n",
    "  [header]  put it\u00a0back \u3000",
    "[a\nb] kept",
    "no [open",
  ],
  label: "2",
};
const sky = {
  id: "Mercury_1",
  question: "What is blue?",
  choices: { text: ["grass", "the sky", "milk"], label: ["1", "2", "3"] },
  answerKey: "2",
};

describe("HellaSwag's rows", () => {
  // Expected texts: Python's str and re by the definition in lm_eval/tasks/hellaswag/utils.py.
  it.each([
    [
      fan,
      "Home and Garden: How to clean a fan Unplug it.. Wipe the  blades. Use a cloth.",
      [" Dry it. Well. Wait\ta day.", " put it\u00a0back", "[a\nb] kept", "no [open"],
    ],
    [
      {
        ...fan,
        activity_label: " É ",
        ctx_a: "x",
        ctx_b: "élan VITAL O'Neil ÉCOLE",
        endings: ["\u001ca\u001c", "b"],
        label: 1,
      },
      "É : x Élan vital o'neil école",
      ["a", "b"],
    ],
    [
      {
        ...fan,
        activity_label: "S",
        ctx_a: "",
        ctx_b: "ßtraße ΣΑΣ",
        endings: ["    four   three  two", "[][x]y"],
        label: 0,
      },
      "S: Sstraße σας",
      ["four  three two", "y"],
    ],
  ])("are cleaned as the harness cleans them, case %#", async (row, context, choices) => {
    const file = jsonl("hellaswag.jsonl", [row]);
    const expected = { context, choices, gold: Number(row.label), source: `${file}:1` };
    expect(await read(file)).toEqual([expected]);
    expect(await read(file, "hellaswag")).toEqual([expected]);
  });
});

describe("ARC's rows", () => {
  const question = { context: "Question: What is blue?\nAnswer:", choices: sky.choices.text, gold: 1 };

  it("ask by question and answer", async () => {
    const file = jsonl("arc.jsonl", [sky, { ...sky, answerKey: "3" }]);
    expect(await read(file, "arc")).toEqual([
      { ...question, source: `${file}:1` },
      { ...question, gold: 2, source: `${file}:2` },
    ]);
  });

  it("may lie in a Parquet file with its nested columns, also packed", async () => {
    const text = { type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" } as const;
    const list = (name: string) => [
      { name, repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" } as const,
      { name: "list", repetition_type: "REPEATED", num_children: 1 } as const,
      { name: "element", ...text, repetition_type: "OPTIONAL" } as const,
    ];
    const writer = new ByteWriter();
    parquetWrite({
      writer,
      columnData: (["question", "choices", "answerKey"] as const).map((name) => ({
        name,
        data: [sky[name], sky[name]],
      })),
      schema: [
        { name: "root", num_children: 3 },
        { name: "question", ...text },
        { name: "choices", repetition_type: "REQUIRED", num_children: 2 },
        ...list("text"),
        ...list("label"),
        { name: "answerKey", ...text },
      ],
    });
    const bytes = new Uint8Array(writer.getBytes());
    for (const file of [write("arc.parquet", bytes), write("packed.parquet.gz", gzipSync(bytes))]) {
      expect(await read(file)).toEqual([1, 2].map((row) => ({ ...question, source: `${file}:${row}` })));
    }
  });
});

describe("plain rows", () => {
  it("are taken as they are, a whole number from Parquet too", async () => {
    const file = jsonl("plain.jsonl", [
      { query: "1 + 1 = ", choices: ["2", "3 [x]"], gold: 0 },
      { ctx: "[title] a", endings: ["b", "c"], label: "1", other: [] },
    ]);
    expect(await read(file)).toEqual([
      { context: "1 + 1 = ", choices: ["2", "3 [x]"], gold: 0, source: `${file}:1` },
      { context: "[title] a", choices: ["b", "c"], gold: 1, source: `${file}:2` },
    ]);
    const writer = new ByteWriter();
    const columns = { query: ["q"], choices: [["a", "b"]], gold: [1n] };
    parquetWrite({ writer, columnData: Object.entries(columns).map(([name, data]) => ({ name, data })) });
    const table = write("plain.parquet", new Uint8Array(writer.getBytes()));
    expect(await read(table)).toEqual([{ context: "q", choices: ["a", "b"], gold: 1, source: `${table}:1` }]);
  });
});

const plain = { query: "q", choices: ["a", "b"], gold: 0 };

describe("bad rows are named by file and line", () => {
  it.each<[string, object, QuestionTask | undefined, RegExp]>([
    ["no field", { text: "x" }, undefined, /"query" or "ctx" is not a text[\s\S]*:3 has: text/],
    ["a number for a text", { ...plain, query: 5 }, undefined, /"query" is not a text[\s\S]*:3: 5/],
    ["a text for choices", { ...plain, choices: "ab" }, undefined, /"choices" is not a list of texts/],
    ["a choice that is no text", { ...plain, choices: ["a", 1] }, undefined, /:3: \["a",1\]/],
    ["one choice", { ...plain, choices: ["a"] }, undefined, /:3: 1 choices/],
    ["an empty choice", { ...plain, choices: ["a", ""] }, undefined, /:3: 2 choices, choice 1 is empty/],
    [
      "an ending of marks alone",
      { ...fan, endings: ["a", "[step]"], label: 0 },
      undefined,
      /choice 1 is empty/,
    ],
    ["a label too large", { ...plain, gold: 2 }, undefined, /:3: 2 choices, the right one is 2/],
    [
      "a label that is none",
      { ...plain, gold: "A" },
      undefined,
      /"gold" is not the index of a choice[\s\S]*:3: "A"/,
    ],
    ["HellaSwag's hidden labels", { ...fan, label: "" }, undefined, /"label" is not the index/],
    ["a negative label", { ...plain, gold: -1 }, undefined, /the right one is -1/],
    [
      "an answer that no choice has",
      { ...sky, answerKey: "D" },
      undefined,
      /"answerKey" is not one of 1, 2, 3[\s\S]*:3: "D"/,
    ],
    [
      "ARC's choices as a list",
      { ...sky, choices: ["a", "b"] },
      undefined,
      /"label" is not a list of texts[\s\S]*:3, choices/,
    ],
    ["another task", plain, "hellaswag", /"ctx_a" is not a text[\s\S]*:3 has: query, choices, gold/],
    ["another task still", fan, "arc", /:3/],
  ])("%s", async (_, row, task, message) => {
    const good = task === "arc" ? sky : task === "hellaswag" ? fan : plain;
    const file = jsonl("bad.jsonl", [good, good, row]);
    await expect(read(file, task)).rejects.toThrow(EvaluationError);
    await expect(read(file, task)).rejects.toThrow(message);
  });

  it("no JSON", () =>
    expect(read(write("broken.jsonl", `${JSON.stringify(plain)}\n\n{"query":\n`))).rejects.toThrow(
      /not JSON[\s\S]*broken\.jsonl:3/,
    ));
  it("a damaged table", () =>
    expect(read(write("damaged.parquet", "PAR1 nothing of the kind PAR1"))).rejects.toThrow(
      /Parquet file cannot be read[\s\S]*damaged\.parquet/,
    ));
  it("a text file", () =>
    expect(read(write("rows.txt", "a"))).rejects.toThrow(/from tables[\s\S]*rows\.txt/));
});
