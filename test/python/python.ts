/** A Python that may have the libraries of Hugging Face: a referee, never a part of what we do. */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The one that TRANSFORMERS_PYTHON names, or python3. */
const python = process.env.TRANSFORMERS_PYTHON ?? "python3";

/** What keeps Python from judging, for the names of tests that are left out; undefined where nothing does. */
export function lacks(...packages: string[]): string | undefined {
  const code =
    "import importlib.util, sys; print(*(p for p in sys.argv[1:] if not importlib.util.find_spec(p)))";
  const { status, stdout } = spawnSync(python, ["-c", code, ...packages], { encoding: "utf8" });
  if (status !== 0) return `there is no ${python}`;
  const missing = stdout.trim();
  return missing === "" ? undefined : `${python} has no ${missing.replaceAll(" ", ", ")}`;
}

/** Runs a script of this folder; what it is asked and what it answers is JSON. */
export function askPython<T>(script: string, folders: readonly string[], asked: unknown): T {
  const input = JSON.stringify(asked);
  return JSON.parse(execFileSync(python, [pathOf(script), ...folders], { ...options, input, stdio: "pipe" }));
}

/** `askPython` for a script that asks this process something in turn. */
export async function askPythonMeanwhile<T>(
  script: string,
  folders: readonly string[],
  asked: unknown,
): Promise<T> {
  const running = promisify(execFile)(python, [pathOf(script), ...folders], options);
  running.child.stdin!.end(JSON.stringify(asked));
  return JSON.parse((await running).stdout);
}

const pathOf = (script: string) => fileURLToPath(new URL(script, import.meta.url));

const options = {
  encoding: "utf8" as const,
  env: { ...process.env, HF_HUB_OFFLINE: "1", TRANSFORMERS_VERBOSITY: "error", OMP_NUM_THREADS: "1" },
  maxBuffer: 2 ** 28,
};
