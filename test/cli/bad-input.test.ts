/** Bad texts and recipes get an error of three parts and touch nothing. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ByteWriter, parquetWrite } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { autodidact, temporaryFolder, writeTinyRecipe } from "./command-line.js";
import { refuse } from "./refuse.js";

const place = temporaryFolder();
const recipe = writeTinyRecipe(place);
const refused = (message: RegExp, ...args: string[]) => refuse(place, message, args);
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(place, name), content);
  return join(place, name);
};

const out = join(place, "out");
const trainOn = (files: string, ...flags: string[]) => [
  "train",
  recipe,
  "--out",
  out,
  "--data.files",
  files,
  ...flags,
];

describe("texts", () => {
  it("no file matches", () => refused(/no file matches\n.*absent/, ...trainOn(join(place, "absent*.txt"))));
  it("an empty file", () => refused(/file is empty[\s\S]*empty\.txt/, ...trainOn(file("empty.txt", ""))));

  it("too short for one window", async () => {
    const short = file("short.txt", "the sea the");
    await refused(
      /train split is too short[\s\S]*tokens, 16 a row/,
      ...trainOn(short, "--generation.prompt", "s"),
    );
    const wide = ["--model.contextLength", "100000"];
    await refused(
      /train split is too short[\s\S]*100000 a row/,
      ...trainOn(join(place, "text.txt"), ...wide),
    );
  });

  it("not UTF-8: the byte offset", () =>
    refused(
      /not UTF-8[\s\S]*latin\.txt: byte 0xe9 at byte offset 300/,
      ...trainOn(file("latin.txt", Buffer.from(`${"abc".repeat(100)}\xe9t\xe9`, "latin1"))),
    ));

  it("a line that is not JSON: file and line", () =>
    refused(/not JSON[\s\S]*broken\.jsonl:2/, ...trainOn(file("broken.jsonl", '{"text":"a"}\n{"text":\n'))));

  it("an unknown field, an unknown column", async () => {
    const rows = file("rows.jsonl", '{"body":"a"}\n');
    await refused(/no field "text"[\s\S]*rows\.jsonl:1 has: body/, ...trainOn(rows));
    await refused(/no field "boyd"/, ...trainOn(rows, "--data.field", "boyd"));
    const writer = new ByteWriter();
    parquetWrite({ writer, columnData: [{ name: "body", data: ["a"], type: "STRING" }] });
    const table = file("table.parquet", writer.getBytes());
    await refused(/column[\s\S]*text[\s\S]*table\.parquet[\s\S]*body/, ...trainOn(table));
  });

  it("a prompt that the text's characters cannot write", () =>
    refused(
      /prompt of the samples[\s\S]*"Q"/,
      ...trainOn(join(place, "text.txt"), "--generation.prompt", "Queequeg"),
    ));
});

describe("recipes", () => {
  const changed = (...flags: string[]) => ["train", recipe, "--out", out, ...flags];

  it("an unknown key: the nearest", () =>
    refused(/optimizer\.lrr[\s\S]*--optimizer\.lr\?/, ...changed("--optimizer.lrr=1")));
  it("a wrong type", () =>
    refused(/training\.steps[\s\S]*whole number/, ...changed("--training.steps", "many")));
  it("a value out of range", () => refused(/batchSize/, ...changed("--training.batchSize", "0")));
  it("an unknown name: the nearest", () =>
    refused(/no such recipe[\s\S]*"gpt-quickstart"/, "train", "gpt-quikstart", "--out", out));
  it("an unknown file", () => refused(/no such recipe/, "train", join(place, "none.ts"), "--out", out));
  it("heads that do not divide", () => refused(/numHeads/, ...changed("--model.numHeads", "3")));

  it("a file with a key that is none", () => {
    const text = readFileSync(recipe, "utf8").replace('"batchSize"', '"batchsize"');
    return refused(/batchSize/, "train", file("typo.json", text), "--out", out);
  });

  it("a file that exports nothing, or breaks", async () => {
    await refused(/exports no recipe/, "train", file("nothing.mjs", "export const x = 1;"), "--out", out);
    await refused(
      /cannot be run[\s\S]*no luck/,
      "train",
      file("breaks.mjs", "throw new Error('no luck')"),
      "--out",
      out,
    );
  });

  it("a schedule longer than the run, before any data are read", () =>
    refused(
      /schedule is longer/,
      ...trainOn(join(place, "absent.txt"), "--optimizer.schedule.warmupSteps", "13"),
    ));

  it("a device that this machine lacks, before any data are read", () => {
    const missing = process.platform === "darwin" ? "dml" : "coreml";
    return refused(
      new RegExp(`cannot run on the asked device\n.*${missing}; available: cpu`),
      ...trainOn(join(place, "absent.txt"), "--training.device", missing),
    );
  });

  it("both a recipe and a run, or neither", async () => {
    await refused(/one of them/, "train");
    await refused(/one of them/, "train", recipe, "--resume", out);
  });
});

describe("a bug", () => {
  it("shows where it happened", async () => {
    const broken = file(
      "bug.mjs",
      "export default new Proxy({}, { ownKeys() { throw new TypeError('a bug'); } });",
    );
    const { code, stderr } = await autodidact("train", broken, "--out", out, "--training.steps", "3");
    expect(code).toBe(1);
    expect(stderr).toMatch(/TypeError: a bug\n {4}at /);
  });
});
