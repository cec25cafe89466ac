/** Projects outside of the checkout, and programs that run in them. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { wordyText } from "../cli/command-line.js";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A folder as `npm init` leaves it. */
export function emptyProject(folder: string): string {
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{ "name": "project", "version": "1.0.0", "private": true }\n');
  return folder;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a program; `end` comes when it and all that it has started are gone. */
export function start(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): { child: ChildProcess; end: Promise<Ended> } {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
    });
  }
  const end = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, ...texts }));
  });
  return { child, end };
}

/** The output of a program that succeeds; throws what it said when it does not. */
export async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, signal, stdout, stderr } = await start(command, args, { cwd }).end;
  if (code === 0) return stdout;
  throw new Error(`${command} ${args.join(" ")} ended with ${code ?? signal}\n${stdout}\n${stderr}`);
}

/** A recipe of two tiny steps as a user writes it: TypeScript that imports "autodidact" and a file beside it. */
export function writeRecipe(folder: string, steps = 2): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "text.txt"), wordyText(60));
  writeFileSync(join(folder, "sizes.ts"), "export const width: number = 8;\n");
  const recipe = join(folder, "my-recipe.ts");
  writeFileSync(
    recipe,
    `import { defineRecipe } from "autodidact";
import { width } from "./sizes.js";

export default defineRecipe({
  data: { files: new URL("text.txt", import.meta.url).pathname },
  features: { kind: "byte" },
  model: { kind: "gpt2", contextLength: 128, numLayers: 1, numHeads: 1, width },
  objective: { kind: "nextToken" },
  optimizer: { kind: "adamw", lr: 1e-3, schedule: { kind: "constant" } },
  training: { batchSize: 2, steps: ${steps}, evaluateEvery: ${steps}, checkpointEvery: ${steps} },
  generation: { prompt: "the", maxTokens: 4 },
});
`,
  );
  return recipe;
}
