/** What the two READMEs tell a reader to type: it exists, it is the same in both, and the example runs. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { program } from "../src/cli/main.js";
import { loadRecipe, shippedRecipes } from "../src/cli/recipes.js";
import { modalities } from "../src/modalities/table.js";
import { textRecipeSchema } from "../src/modalities/text/recipe.js";
import { applyOverrides, parseOverrides } from "../src/recipe/overrides.js";
import { temporaryFolder } from "./cli/command-line.js";

const root = join(import.meta.dirname, "..");
const english = readFileSync(join(root, "README.md"), "utf8");
const chinese = readFileSync(join(root, "README.zh-CN.md"), "utf8");

/** The contents of the fenced blocks of a language. */
const blocks = (markdown: string, language: string) =>
  [...markdown.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, text]) => text);

/** Lines of the shell blocks that start a command of ours or of npm, without comments; one command each. */
const commandsOf = (markdown: string) =>
  blocks(markdown, "sh")
    .flatMap((block) => block.split("\n"))
    .filter((line) => /^(npx autodidact|npm) /.test(line))
    .flatMap((line) => line.replace(/\s#.*/, "").split("&&"))
    .map((command) => command.trim());

/** Commands in running text, such as `npx autodidact doctor`. */
const mentionsOf = (markdown: string) =>
  [...markdown.matchAll(/`(npx autodidact [^`\n]+)`/g)].map(([, command]) => command);

/** The words of a command line, quoted ones whole. */
const wordsOf = (command: string) =>
  [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word);

const verbs: Record<string, Command> = Object.fromEntries(
  (await program([], [], modalities)).commands.map((command) => [command.name(), command]),
);
const takesRecipe = ["train", "lr-find"];
const builtIntoNpm = ["ci", "install"];

/** Any recipe, to try dotted flags on. */
const recipe = {
  data: { files: "text.txt" },
  features: { kind: "character" },
  model: { kind: "gpt2", contextLength: 8, numLayers: 1, numHeads: 1, width: 8 },
  objective: { kind: "nextToken" },
  optimizer: { kind: "adamw", lr: 1, schedule: { kind: "constant" } },
  training: { batchSize: 1, steps: 1, evaluateEvery: 1, checkpointEvery: 1 },
  generation: {},
};

const pretrained = { kind: "pretrained", from: "gpt2" };

const commands = [...new Set([...commandsOf(english), ...mentionsOf(english)])];
const ours = commands.filter((command) => command.startsWith("npx "));

describe("the READMEs", () => {
  it("give commands, the same in both languages", () => {
    expect(commandsOf(english).length).toBeGreaterThan(8);
    expect(commandsOf(chinese)).toEqual(commandsOf(english));
    expect(mentionsOf(chinese).toSorted()).toEqual(mentionsOf(english).toSorted());
    expect(blocks(chinese, "ts")).toEqual(blocks(english, "ts"));
  });

  it("show every verb", () => {
    const shown = ours.map((command) => wordsOf(command)[2]);
    expect([...new Set(shown)].toSorted()).toEqual(Object.keys(verbs).toSorted());
  });

  it("list every recipe that ships", () => {
    for (const markdown of [english, chinese]) {
      const listed = [...markdown.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
      expect(listed.toSorted()).toEqual(shippedRecipes().toSorted());
    }
  });

  it("mention only dotted flags that a recipe takes", () => {
    for (const markdown of [english, chinese]) {
      const flags = [...markdown.matchAll(/`(--\w+\.[^`\n]+)`/g)].map(([, flag]) => wordsOf(flag));
      expect(flags.length).toBeGreaterThan(3);
      for (const words of flags) {
        const { overrides } = parseOverrides(words);
        const any = words[0].startsWith("--model.") ? { ...recipe, model: pretrained } : recipe;
        expect(() => applyOverrides(any, overrides, textRecipeSchema), words[0]).not.toThrow(/has no key/);
      }
    }
  });
});

describe("a command that the READMEs give", () => {
  it.each(ours)("%s", async (command) => {
    const [, , verb, ...args] = wordsOf(command);
    const { overrides, rest } = parseOverrides(args);
    expect(verbs).toHaveProperty(verb);
    const { operands, unknown } = verbs[verb].parseOptions(rest);
    expect(unknown).toEqual([]);
    if (!takesRecipe.includes(verb)) expect(overrides).toEqual([]);
    if (takesRecipe.includes(verb) && operands.length > 0) {
      const name = operands[0].replace(/^recipes\/(.*)\.ts$/, "$1");
      expect(shippedRecipes(), "a recipe that ships").toContain(name);
      expect(await loadRecipe(name, overrides)).toMatchObject({ name });
    }
  });

  it.each(commands.filter((command) => command.startsWith("npm ")))("%s", (command) => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const [, first, second] = wordsOf(command);
    const name = first === "run" ? second : first;
    expect([...builtIntoNpm, ...Object.keys(scripts)]).toContain(name);
  });
});

describe("the library example", () => {
  const place = temporaryFolder();

  it("runs as it is written and prints what the model wrote", { timeout: 60_000 }, async () => {
    const [example, ...others] = blocks(english, "ts");
    expect(others).toEqual([]);
    // A folder that has the package installed; it is started in the checkout, whose README it reads.
    mkdirSync(join(place, "node_modules"));
    symlinkSync(root, join(place, "node_modules", "autodidact"), "junction");
    writeFileSync(join(place, "package.json"), '{ "type": "module" }');
    writeFileSync(join(place, "example.ts"), example);
    const { code, stdout, stderr } = await runTypeScript(join(place, "example.ts"));
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^validation loss \d+\.\d\d nats a token\nThe [\s\S]{10,}$/);
    expect(code).toBe(0);
  });
});

/** What `npx tsx file` does in the checkout. */
function runTypeScript(file: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const child = spawn(process.execPath, ["--import", loader, file], { cwd: root });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...texts }));
  });
}
