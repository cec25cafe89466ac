/** Installing needs nothing but npm's registry: no other host, no script that somebody has to allow. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { expect, inject, it } from "vitest";
import { temporaryFolder } from "../temporary-folder.js";
import { emptyProject, run, start } from "./project.js";

const tarball = inject("tarball");
const project = inject("project");
const installed = join(project, "node_modules/autodidact");
const place = temporaryFolder();

/** What else installs packages, as npm has it, and the file to run. A cache of its own knows no earlier package. */
const others = [
  { name: "pnpm", file: "bin/pnpm.mjs", args: ["add", tarball] },
  { name: "yarn@1", file: "bin/yarn.js", args: ["add", tarball, "--cache-folder", join(place, "cache")] },
];

it.for(others)("$name installs it into an empty project", async (other, { skip }) => {
  const { name, file, args } = other;
  const tools = emptyProject(join(place, `${name}-itself`));
  const got = await start("npm", ["install", "--no-audit", "--no-fund", name], { cwd: tools }).end;
  if (got.code !== 0) skip(`${name} cannot be installed: ${got.stderr.trim().split("\n")[0]}`);
  const program = join(tools, "node_modules", name.replace(/@.*/, ""), file);
  const folder = emptyProject(join(place, name));
  await run(process.execPath, [program, ...args], folder);
  const check =
    'const { nodeRuntime } = await import("autodidact"); console.log(nodeRuntime.devices().join(" "))';
  expect(await run(process.execPath, ["--input-type=module", "--eval", check], folder)).toMatch(/^cpu\b/);
});

it("nothing that npm has installed runs a script", () => {
  const lock = JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8"));
  const packages = Object.entries<{ hasInstallScript?: boolean; optional?: boolean }>(lock.packages);
  expect(packages.length).toBeGreaterThan(100);
  const there = packages.filter(([path]) => existsSync(join(project, path)));
  expect(there.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
});

it("has ONNX Runtime for each platform that it ships, with its licence", () => {
  const runtime = join(installed, "vendor/onnxruntime-node");
  expect(readFileSync(join(runtime, "LICENSE"), "utf8")).toMatch(/MIT License[\s\S]*Microsoft Corporation/);
  const binaries = join(runtime, "bin/napi-v6");
  const files = readdirSync(binaries, { recursive: true }) as string[];
  const libraries = files.filter((path) => /^(lib)?onnxruntime[.]/.test(basename(path)));
  expect(libraries.map(dirname).sort()).toEqual(
    ["darwin/arm64", "linux/arm64", "linux/x64", "win32/arm64", "win32/x64"].map(normalize),
  );
  for (const library of libraries) {
    expect(statSync(join(binaries, library)).size).toBeGreaterThan(2 ** 23);
  }
  // The binding, which nobody loads, is not there.
  expect(files.filter((path) => path.endsWith(".node"))).toEqual([]);
});
