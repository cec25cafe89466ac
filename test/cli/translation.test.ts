/** Translation through the command line: repairing sentences, learning from pairs, going on, translating, measuring. */
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { libreTranslate } from "libretranslate-ts";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
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
    pairs: file("pairs.tsv", asTsv([...pairs.slice(0, 150), ...toyMessages(), ...toyMessages()])),
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
    for (const { bleu, copied, signature } of directions) {
      // Of unheard sentences the most frequent words and their order; the copy has only the full stop.
      expect(bleu).toBeGreaterThan(copied.bleu + 15);
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
    const texts = unheard.map(({ source }) => source);
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
