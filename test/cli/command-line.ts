/** Runs the command line inside the test, or as a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inject, vi } from "vitest";
import { main } from "../../src/cli/main.js";
import type { Modality } from "../../src/modalities/modality.js";
import { modalities } from "../../src/modalities/table.js";
import type { TextRecipeInput as RecipeInput } from "../../src/modalities/text/recipe.js";

export { temporaryFolder } from "../temporary-folder.js";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line in this process, with what it prints caught. */
export const autodidact = (...args: string[]): Promise<Outcome> => autodidactOver(modalities, ...args);

/** The same over some kinds of data. */
export async function autodidactOver(kinds: readonly Modality[], ...args: string[]): Promise<Outcome> {
  const texts = { stdout: "", stderr: "" };
  const exitCode = process.exitCode;
  for (const name of ["stdout", "stderr"] as const) {
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      texts[name] += String(text);
      return true;
    });
  }
  process.exitCode = 0;
  try {
    await main(args, kinds);
    return { code: Number(process.exitCode), ...texts };
  } finally {
    process.exitCode = exitCode;
    vi.restoreAllMocks();
  }
}

/** The command line as a process, and its end; `input` is what it is told. */
export function startProcess(
  args: readonly string[],
  { program = inject("program"), input = "" } = {},
): { child: ChildProcess; end: Promise<End> } {
  const child = spawn(process.execPath, [program, ...args]);
  child.stdin.end(input);
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
    });
  }
  const end = new Promise<End>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, ...texts }));
  });
  return { child, end };
}

export interface End extends Omit<Outcome, "code"> {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Every file under a folder with its content: equal when nothing was touched. */
export function contents(folder: string): Map<string, string> {
  const names = (readdirSync(folder, { recursive: true }) as string[]).sort();
  return new Map(
    names.map((name) => {
      const path = join(folder, name);
      return [name, statSync(path).isFile() ? readFileSync(path).toString("base64") : "folder"];
    }),
  );
}

const words = "the sea whale ship captain old man wind night day water boat white long".split(" ");

/** Lines of words, the same at every call. */
export function wordyText(lines: number): string {
  let state = 1;
  const word = () => {
    state = (state * 48_271) % 2_147_483_647;
    return words[state % words.length];
  };
  return Array.from({ length: lines }, () => Array.from({ length: 9 }, word).join(" ")).join("\n");
}

/** Writes a text and a recipe that learns from it, and returns the recipe's path. */
export function writeTinyRecipe(
  folder: string,
  training: Partial<RecipeInput["training"]> = {},
  lines = 120,
): string {
  const files = join(folder, "text.txt");
  writeFileSync(files, wordyText(lines));
  const recipe: RecipeInput = {
    data: { files },
    features: { kind: "character" },
    model: { kind: "llama", contextLength: 16, numLayers: 1, numHeads: 2, width: 16, hiddenWidth: 32 },
    objective: { kind: "nextToken" },
    optimizer: { kind: "adamw", lr: 1e-2, schedule: { kind: "constant" } },
    training: { batchSize: 4, steps: 12, evaluateEvery: 6, checkpointEvery: 5, ...training },
    generation: { prompt: "the", maxTokens: 8 },
  };
  const path = join(folder, "tiny.json");
  writeFileSync(path, JSON.stringify(recipe));
  return path;
}
