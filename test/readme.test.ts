/** What the READMEs and the pages of docs/ tell a reader: it exists, it runs, and both languages tell the same. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Command } from "commander";
import { describe, expect, inject, it } from "vitest";
import { program } from "../src/cli/main.js";
import { loadRecipe, shippedRecipes } from "../src/cli/recipes.js";
import { modalities } from "../src/modalities/table.js";
import { parseOverrides } from "../src/recipe/overrides.js";
import { temporaryFolder } from "./cli/command-line.js";
import {
  anchorsOf,
  blocks,
  commandsOf,
  headingLevels,
  linksOf,
  mentionsOf,
  numbersOfTables,
  wordsOf,
} from "./markdown.js";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** Written in English alone. */
const onlyEnglish = ["docs/architecture.md", "docs/log.md"];
const pages = readdirSync(join(root, "docs"))
  .filter((file) => file.endsWith(".md"))
  .map((file) => `docs/${file}`)
  .filter((path) => !onlyEnglish.includes(path));
/** English and Chinese. */
const twins: [string, string][] = [
  ["README.md", "README.zh-CN.md"],
  ...pages.map((path): [string, string] => [path, path.replace("docs/", "docs/zh/")]),
];
const english = twins.map(([path]) => read(path)).join("\n");

const verbs: Record<string, Command> = Object.fromEntries(
  (await program([], [], modalities)).commands.map((command) => [command.name(), command]),
);
const takesRecipe = ["train", "lr-find"];
const builtIntoNpm = ["ci", "install"];

const commands = [...new Set([...commandsOf(english), ...mentionsOf(english)])];
const startingWith = (words: string) => commands.filter((command) => command.startsWith(words));
const ours = startingWith("npx autodidact ");

describe("the pages", () => {
  it("fit in a minute where a reader begins", () => {
    for (const path of twins[0]) expect(read(path).split("\n").length, path).toBeLessThanOrEqual(115);
  });

  it("are all reachable from the README of their language", () => {
    const [readme, chineseReadme] = twins[0];
    const linked = (path: string) => linksOf(read(path)).map((link) => link.split("#")[0]);
    const others = twins.slice(1);
    expect(linked(readme)).toEqual(expect.arrayContaining([...others.map(([page]) => page), ...onlyEnglish]));
    expect(linked(chineseReadme)).toEqual(expect.arrayContaining(others.map(([, page]) => page)));
  });

  it("have a twin each, and no twin stands alone", () => {
    const chinese = readdirSync(join(root, "docs/zh")).map((file) => `docs/zh/${file}`);
    expect(chinese.toSorted()).toEqual(
      twins
        .slice(1)
        .map(([, path]) => path)
        .toSorted(),
    );
  });

  it("show every verb", () => {
    const shown = ours.map((command) => wordsOf(command)[2]);
    expect([...new Set(shown)].toSorted()).toEqual(Object.keys(verbs).toSorted());
  });

  it("mention only dotted flags that a recipe takes", async () => {
    const flags = [...new Set(english.match(/(?<=`)--\w+\.[^`\n]+(?=`)/g))];
    expect(flags.length).toBeGreaterThan(5);
    for (const flag of flags) {
      const { overrides } = parseOverrides(wordsOf(flag));
      const recipes = [
        "gpt-small",
        "gpt2-finetune",
        "chat-dpo",
        "cifar10-flow",
        "translate",
        "detect",
        "chorales",
        "sound-flow",
      ];
      const tried = await Promise.allSettled(recipes.map((name) => loadRecipe(name, overrides)));
      const known = tried.some(
        (result) => result.status === "fulfilled" || !/no key/.test(`${result.reason}`),
      );
      expect(known, flag).toBe(true);
    }
  });
});

describe.each(twins)("%s", (path, chinesePath) => {
  const [page, twin] = [read(path), read(chinesePath)];

  it("tells the same in Chinese", () => {
    expect(headingLevels(twin)).toEqual(headingLevels(page));
    expect(commandsOf(twin)).toEqual(commandsOf(page));
    expect(mentionsOf(twin).toSorted()).toEqual(mentionsOf(page).toSorted());
    for (const language of ["ts", "js", "python"])
      expect(blocks(twin, language)).toEqual(blocks(page, language));
    expect(numbersOfTables(twin)).toEqual(numbersOfTables(page));
    expect(linksOf(twin).length).toBe(linksOf(page).length);
  });

  it("shows no flag that the other does not", () => {
    const flagsOf = (markdown: string) => (markdown.match(/`--[\w.-]+/g) ?? []).toSorted();
    expect(flagsOf(twin)).toEqual(flagsOf(page));
  });
});

describe("a link", () => {
  const all = [...twins.flat(), ...onlyEnglish, "CONTRIBUTING.md", "CHANGELOG.md"];
  const links = all.flatMap((path) => linksOf(read(path)).map((link) => [path, link] as const));
  const local = links.filter(([, link]) => !/^https?:/.test(link));

  it.each(local)("in %s to %s leads somewhere", (path, link) => {
    const [file, anchor] = link.split("#");
    const target = file === "" ? path : join(dirname(path), file);
    expect(existsSync(join(root, target)), target).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(read(target))).toContain(decodeURIComponent(anchor));
  });
});

describe("the pages on recipes", () => {
  it("list every recipe that ships", () => {
    for (const path of ["docs/recipes.md", "docs/zh/recipes.md"]) {
      const listed = [...read(path).matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
      expect(listed.toSorted()).toEqual(shippedRecipes().toSorted());
    }
  });
});

describe("a command that the pages give", () => {
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

  it.each(startingWith("npm "))("%s", (command) => {
    const { scripts } = JSON.parse(read("package.json"));
    const [, first, second] = wordsOf(command);
    const name = first === "run" ? second : first;
    expect([...builtIntoNpm, ...Object.keys(scripts)]).toContain(name);
  });

  it.each(startingWith("npx tsx recipes/"))("%s", (command) => {
    const [, , script, ...args] = wordsOf(command);
    const options = args.filter((word) => word.startsWith("--")).map((word) => word.slice(2));
    for (const option of options) expect(read(script)).toMatch(new RegExp(`["{ ]"?${option}"?: \\{ type:`));
  });
});

describe("an example of the library", () => {
  const place = temporaryFolder();
  const examples = twins.flatMap(([path]) =>
    blocks(read(path), "ts").map((code, i) => [path, i, code] as const),
  );

  it.each(examples)(
    "in %s, number %i, runs as it is written",
    { timeout: 240_000 },
    async (path, i, code) => {
      // A folder that has the package installed; it is started in the checkout, whose README it may read.
      const folder = join(place, `${path.replaceAll(/\W/g, "-")}-${i}`);
      mkdirSync(join(folder, "node_modules"), { recursive: true });
      symlinkSync(fileURLToPath(inject("built")), join(folder, "node_modules", "autodidact"), "junction");
      symlinkSync(join(root, "recipes"), join(folder, "recipes"), "junction");
      writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
      writeFileSync(join(folder, "example.ts"), code);
      const { code: exit, stdout, stderr } = await runTypeScript(join(folder, "example.ts"));
      expect(stderr).toBe("");
      expect(stdout).toMatch(/^validation loss \d+\.\d\d nats a (token|character)\nThe [\s\S]{10,}$/);
      expect(exit).toBe(0);
    },
  );
});

/** What `npx tsx file` does. */
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
