/** Translation through the command line: repairing sentences, learning from pairs, going on, translating, measuring. */
import { once } from "node:events";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { libreTranslate } from "libretranslate-ts";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { aroundOf } from "../../src/cli/around.js";
import { writeOutput } from "../../src/cli/output-file.js";
import { findNamed } from "../../src/modalities/saved.js";
import { modalities } from "../../src/modalities/table.js";
import { asTsv, toyMessages, toyPairs } from "../toy-pairs.js";
import { autodidact, startProcess, temporaryFolder } from "./command-line.js";
import { refuse } from "./refuse.js";

const place = temporaryFolder();
const pairs = toyPairs(180);
const unheard = pairs.slice(150);
const run = (name: string) => join(place, "runs", name);
const file = (name: string, content?: string) => {
  const path = join(place, name);
  if (content !== undefined) writeFileSync(path, content);
  return path;
};

const common = {
  data: {
    format: "translation",
    pairs: [
      file("pairs.tsv", asTsv([...pairs.slice(0, 150), ...toyMessages()])),
      file("more.tsv", asTsv(toyMessages())),
    ],
    validationFraction: 0.1,
  },
  features: { kind: "bpe", vocabSize: 340, dropout: 0 },
  model: { kind: "t5", width: 48, numLayers: 1, numDecoderLayers: 1, numHeads: 2, hiddenWidth: 96 },
  optimizer: {
    kind: "muon",
    lr: 2e-2,
    adamwLr: 1e-2,
    weightDecay: 0,
    schedule: { kind: "linear", warmupSteps: 10, finalFactor: 0.05 },
  },
  training: { batchSize: 16, buckets: 2, steps: 300, evaluateEvery: 300, checkpointEvery: 300, threads: 1 },
};
const short = { ...common.training, steps: 4, evaluateEvery: 4, checkpointEvery: 4 };
const adamw = { kind: "adamw", lr: 1e-3, schedule: { kind: "constant" } };
const recipes = {
  translate: { ...common, objective: { kind: "translate", dropout: 0, labelSmoothing: 0.05 } },
  denoise: { ...common, objective: { kind: "denoise" }, optimizer: adamw, training: short },
  from: { ...common, objective: { kind: "translate" }, optimizer: adamw, training: short },
};

async function train(name: keyof typeof recipes, out = run(name), ...flags: string[]) {
  const path = file(`${name}.mjs`, `export default ${JSON.stringify(recipes[name])};`);
  return autodidact("train", path, "--out", out, ...flags);
}

let told: string;
beforeAll(async () => {
  const { code, stderr } = await train("translate");
  told = stderr;
  expect(code, stderr).toBe(0);
}, 120_000);

describe("train", () => {
  it("says what it learns from, and shows what it translates", () => {
    expect(told).toMatch(
      /t5 with .* parameters, de, en, vocabulary 340, batches of .* sentences to learn from/,
    );
    expect(told).toMatch(/by sentence, so that none is on both sides/);
    const sample = readFileSync(join(run("translate"), "samples/step-000300.txt"), "utf8");
    expect(sample).toMatch(/into de: BLEU \d+\.\d of \d+, greedily\n.+\n {2}= .+\n {2}> /);
  });

  it("repairs sentences, and learns from pairs from there", async () => {
    const { code, stderr } = await train("denoise");
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/train translate --model\.from .*denoise/);
    const after = await train("from", run("from"), "--model.from", run("denoise"));
    expect(after.code, after.stderr).toBe(0);
  });
});

describe("translate", () => {
  it("says in German what a text says, and keeps what is not to be translated", async () => {
    const [{ source }] = unheard;
    const { code, stdout } = await autodidact("translate", run("translate"), "--to", "de", source, "42");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Die \S+ \S+ die \S+ (sieht|findet|malt)\.\n42\n$/);
  });

  it("only the messages of a file that are missing or have changed, with every placeholder", async () => {
    const messages = { a: "The cat of {name}.", b: { c: "The lamp %s." }, version: "1.2" };
    const source = file("en.json", `${JSON.stringify(messages, null, 4)}\n`);
    const out = file("de.json", '{\n    "a": "Meine Katze von {name}."\n}\n');
    const again = () => autodidact("translate", run("translate"), source, "--to", "de", "--out", out);
    const first = await again();
    expect([first.code, first.stdout]).toEqual([0, ""]);
    expect(first.stderr).toMatch(/2 of 3 messages translated, .*; 1 kept/);
    const written = readFileSync(out, "utf8");
    expect(JSON.parse(written)).toEqual({
      a: "Meine Katze von {name}.",
      b: { c: "Die Lampe %s." },
      version: "1.2",
    });
    expect((await again()).stderr).toMatch(/0 of 3 messages translated/);
    expect(readFileSync(out, "utf8")).toBe(written);
    file("en.json", `${JSON.stringify({ ...messages, a: "The door of {name}." }, null, 4)}\n`);
    expect((await again()).stderr).toMatch(/1 of 3 messages translated/);
    expect(JSON.parse(readFileSync(out, "utf8")).a).toBe("Die Tür von {name}.");
  });

  it("takes whatever people type, and loses none of it", async () => {
    const plural =
      "{n, plural, one {The cat of {name}.} other {{n, select, a {The lamp.} other {The door.}}}}";
    const texts = [
      "",
      "42 %",
      "salad salad",
      "THE CAT.",
      "The\u0007 cat.",
      "The <b>cat.",
      plural,
      "The cat. ".repeat(300),
    ];
    const flags = ["translate", run("translate"), "--to", "de", "--beams", "2", "--json"];
    const { code, stdout, stderr } = await autodidact(...flags, ...texts);
    expect([code, stderr]).toEqual([0, ""]);
    const { translations } = JSON.parse(stdout);
    expect(translations.map(({ source }: { source: string }) => source)).toEqual(texts);
    const [empty, number, , , control, tag, icu, long] = translations;
    expect([empty.target, number.target]).toEqual(["", "42 %"]);
    expect(control.flags).toContainEqual({ kind: "dropped" });
    expect(tag.target).toContain("<b>");
    expect(icu.target).toMatch(
      /^\{n, plural, one \{.*\{name\}.*\} other \{\{n, select, a \{.+\} other \{.+\}\}\}\}$/,
    );
    // A sentence for each of the source's at least, however long the text.
    expect(long.target.split(/\s+/).length).toBeGreaterThan(300);
  });

  it("refuses an unknown language, a file that is not there, and another form", async () => {
    const model = run("translate");
    await refuse(place, /into this language[\s\S]*"fr"; languages: de, en/, [
      "translate",
      model,
      "--to",
      "fr",
      "The cat.",
    ]);
    await refuse(place, /not said into which language/, ["translate", model, "The cat."]);
    await refuse(place, /cannot be read/, ["translate", model, "--to", "de", join(place, "none.json")]);
    const text = file("one.md", "The cat.\n");
    await refuse(place, /another form/, [
      "translate",
      model,
      "--to",
      "de",
      text,
      "--out",
      join(place, "one.json"),
    ]);
  });
});

describe("translate --back-translate", () => {
  // More than are kept at a time; the trained model has not read the numbers.
  const sentences = toyPairs(150).flatMap(({ target }) =>
    ["", " 1", " 23", " {name}"].map((more) => target.replace(".", `${more}.`)),
  );
  const news = file("news.de.gz");
  writeFileSync(news, gzipSync(`${sentences.join("\n")}\n\n42.\n${"Die Katze ".repeat(200)}.\n`));
  const drawn = ["--temperature", "1", "--seed", "5"];
  const make = (out: string, ...flags: string[]) =>
    autodidact("translate", run("translate"), "--back-translate", "--to", "en", news, "--out", out, ...flags);
  const rowsIn = (path: string): { translation: Record<string, string> }[] =>
    readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));

  const begun = file("begun.jsonl");
  /** Drawn ones, stopped when as many sentences are done as are kept at a time. */
  beforeAll(async () => {
    const around = aroundOf(modalities);
    const model = await findNamed(run("translate"), "latest", around);
    const use = model.kind.uses.find(({ askedBy }) => askedBy === "backTranslate")!;
    const request = {
      options: use.options.parse({ to: "en", temperature: 1, seed: 5 }),
      inputs: [{ name: news, bytes: new Uint8Array() }],
      wanted: { ending: ".jsonl", each: false },
    };
    for await (const output of use.run(model, request, around)) {
      if (output.kind === "file") await writeOutput({ path: begun, ...request.wanted }, output);
      if (existsSync(begun) && JSON.parse(readFileSync(`${begun}.progress.json`, "utf8")).sentences === 512)
        return;
    }
    throw new Error("it was not stopped");
  });

  it("writes pairs with a made-up source, counts what makes none, and they are learned from", async () => {
    const out = file("made.jsonl");
    const { code, stdout, stderr } = await make(out, "--beams", "1", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const told = JSON.parse(stdout);
    const rows = rowsIn(out);
    expect(told).toMatchObject({ from: "de", to: "en", sentences: sentences.length + 2, pairs: rows.length });
    const leftOut: Record<string, number> = told.leftOut;
    expect(leftOut).toMatchObject({ long: 1, copy: 1 });
    expect(rows.length + Object.values(leftOut).reduce((a, b) => a + b)).toBe(told.sentences);
    const kept = new Set(rows.map(({ translation }) => translation.de));
    expect(rows.map(({ translation }) => translation.de)).toEqual(sentences.filter((one) => kept.has(one)));
    expect(Object.keys(rows[0].translation)).toEqual(["en", "de"]);
    const english = rows.filter(({ translation: { en } }) =>
      /^The \S+ \S+ (sees|finds|paints) the /.test(en),
    );
    expect(english.length).toBeGreaterThan(rows.length / 2);
    const trained = await train(
      "from",
      run("back"),
      "--model.from",
      run("denoise"),
      "--data.backTranslations",
      out,
    );
    expect(trained.code, trained.stderr).toBe(0);
    expect(trained.stderr).toMatch(/\d+ back-translations into de from .*made\.jsonl/);
  });

  it("goes on where it was stopped, to the same bytes", async () => {
    const [whole, stopped] = [file("whole.jsonl"), file("stopped.jsonl")];
    await make(whole, ...drawn);
    for (const ending of ["", ".progress.json"]) copyFileSync(begun + ending, stopped + ending);
    expect(readFileSync(stopped).length).toBeLessThan(readFileSync(whole).length);
    appendFileSync(stopped, '{"translation": {"en": "The');
    const { code, stderr } = await make(stopped, ...drawn);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^[\d,]+ pairs of 602 sentences, [\d,]+ pairs of them there before; left out: /);
    expect(readFileSync(stopped)).toEqual(readFileSync(whole));
    const again = await make(stopped, ...drawn);
    expect(again.code, again.stderr).toBe(0);
    expect(readFileSync(stopped)).toEqual(readFileSync(whole));
  });

  it("refuses another beginning, what does not go together, and languages that it does not know", async () => {
    const args = ["translate", run("translate"), "--back-translate", "--to", "en", news];
    await refuse(place, /begun with seed 5, now 6/, [
      ...args,
      "--out",
      begun,
      "--temperature",
      "1",
      "--seed",
      "6",
    ]);
    const foreign = file("foreign.jsonl", '{"text": "no pairs"}\n');
    await refuse(place, /already[\s\S]*nothing beside it/, [...args, "--out", foreign]);
    truncateSync(begun, 10);
    await refuse(place, /holds 10 of \d+ bytes/, [...args, "--out", begun, ...drawn]);
    await refuse(place, /drawn, or the best[\s\S]*--beams/, [
      ...args,
      "--out",
      file("none.jsonl"),
      ...drawn,
      "--beams",
      "2",
    ]);
    await refuse(place, /no file to write to/, args);
    await refuse(place, /another use[\s\S]*--review with --back-translate[\s\S]*without --back-translate/, [
      ...args,
      "--review",
    ]);
    await refuse(place, /another use[\s\S]*give it with --back-translate/, [
      "translate",
      run("translate"),
      "The cat.",
      "--seed",
      "1",
    ]);
    await refuse(place, /from this language[\s\S]*"en"; beside en: de/, [
      ...args,
      "--from",
      "en",
      "--out",
      file("none.jsonl"),
    ]);
  });
});

describe("evaluate", () => {
  it("tells BLEU and chrF of other pairs, beside the source as it is", async () => {
    const data = file("test.tsv", asTsv(unheard));
    const { code, stdout, stderr } = await autodidact("evaluate", run("translate"), "--data", data, "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const { directions } = JSON.parse(stdout);
    expect(directions.map(({ from, to }: { from: string; to: string }) => [from, to])).toEqual([
      ["de", "en"],
      ["en", "de"],
    ]);
    for (const { bleu, copied, nearest, learned, signature } of directions) {
      // Of unheard sentences the most frequent words and their order; the copy has only the full stop.
      expect(bleu).toBeGreaterThan(copied.bleu + 15);
      // A sentence that differs in one word of six.
      expect(nearest.bleu).toBeGreaterThan(copied.bleu + 15);
      expect(learned).toBe(0);
      expect(signature.bleu).toBe("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0");
    }
  });
});

describe("serve", () => {
  it("answers a client of LibreTranslate with what the command line says", async () => {
    const { child, end } = startProcess(["serve", run("translate"), "--port", "0", "--json"]);
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    const printed = await Promise.race([once(child.stdout!, "data").then(String), end]);
    if (typeof printed !== "string") throw new Error(printed.stderr);
    libreTranslate.setApiEndpoint(JSON.parse(printed).url);
    const languages = await libreTranslate.listLanguages();
    expect(languages).toEqual([
      { code: "de", name: "German", targets: ["en"] },
      { code: "en", name: "English", targets: ["de"] },
    ]);
    const text = "The good woman of {name}.";
    const said = await autodidact("translate", run("translate"), "--to", "de", text);
    const { translatedText, alternatives } = await libreTranslate.translate(text, "en", "de", 2);
    expect(translatedText).toBe(said.stdout.trimEnd());
    expect(translatedText).toContain("{name}");
    expect(alternatives).toHaveLength(2);
    for (const each of alternatives!) expect(each).toContain("{name}");
  });
});

describe("export", () => {
  it.each([
    ["safetensors", "model.safetensors"],
    ["onnx", "onnx/decoder_model_merged.onnx"],
  ])("writes a folder that translates the same: %s", async (format, written) => {
    const out = join(place, format);
    const { code, stderr } = await autodidact("export", run("translate"), "--format", format, "--out", out);
    expect(code, stderr).toBe(0);
    expect(existsSync(join(out, written))).toBe(true);
    const texts = unheard.slice(0, 8).map(({ source }) => source);
    const said = (model: string) => autodidact("translate", model, "--to", "de", ...texts);
    expect((await said(out)).stdout).toBe((await said(run("translate"))).stdout);
  });
});

describe("what cannot be learned from", () => {
  it("is refused before anything is written", async () => {
    mkdirSync(join(place, "bad"), { recursive: true });
    const path = file(
      "alone.mjs",
      `export default ${JSON.stringify({ ...recipes.translate, data: { format: "translation", files: { en: file("en.txt", "a\nb\n") } } })};`,
    );
    await refuse(place, /cannot teach to translate/, ["train", path, "--out", run("bad")]);
    expect(existsSync(run("bad"))).toBe(false);
  });
});
