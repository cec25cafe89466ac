/** A recipe that was copied out of the checkout trains, resumes and generates, with every Node that is supported. */
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { temporaryFolder } from "../temporary-folder.js";
import { emptyProject, root, run, start, writeRecipe } from "./project.js";

const project = inject("project");
const place = temporaryFolder();
const inPackage = join(project, "node_modules/autodidact/bin/autodidact.mjs");
const inCheckout = join(root, "bin/autodidact.mjs");

async function trainResumeGenerate(folder: string, command: string, ...first: string[]) {
  writeRecipe(folder);
  const autodidact = async (...args: string[]) =>
    JSON.parse(await run(command, [...first, ...args, "--json"], folder));
  const trained = await autodidact("train", "./my-recipe.ts", "--out", "run");
  expect(trained).toMatchObject({ run: "run", steps: 2, reason: "steps" });
  const resumed = await autodidact("train", "--resume", "run", "--training.steps", "4");
  expect(resumed).toMatchObject({ steps: 4, reason: "steps" });
  const written = await autodidact("generate", "run", "--prompt", "the", "--max-tokens", "5");
  expect(written.results).toEqual([expect.objectContaining({ prompt: "the", text: expect.any(String) })]);
}

it("runs by npx in a project that has installed the package", async () => {
  await trainResumeGenerate(join(project, "by-npx"), "npx", "autodidact");
});

// npm has Node's binaries as packages; what cannot be had is skipped and named.
const system = process.platform === "win32" ? "win" : process.platform;
const nodes = [20, 22, 24].map((version) => `node-${system}-${process.arch}@${version}`);

it.for(nodes)("runs with %s", async (name, { skip }) => {
  const folder = emptyProject(join(place, name));
  const installed = await start("npm", ["install", "--no-audit", "--no-fund", name], { cwd: folder }).end;
  if (installed.code !== 0) skip(`${name} cannot be installed: ${installed.stderr.trim().split("\n")[0]}`);
  const node = join(folder, "node_modules", name.replace(/@.*/, ""), "bin/node");
  expect(await run(node, ["--version"], folder)).toMatch(`v${name.split("@")[1]}.`);
  await trainResumeGenerate(join(project, name), node, inPackage);
});

it.each([
  ["the package", inPackage],
  ["the checkout", inCheckout],
])("runs where nothing is installed, by the command line of %s", async (of, program) => {
  await trainResumeGenerate(join(place, of.replace(" ", "-")), process.execPath, program);
});
