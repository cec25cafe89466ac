/** A Python that may have the libraries of Hugging Face: a referee, never a part of what we do. */
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

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
  const path = fileURLToPath(new URL(script, import.meta.url));
  const env = { ...process.env, HF_HUB_OFFLINE: "1", TRANSFORMERS_VERBOSITY: "error", OMP_NUM_THREADS: "1" };
  const input = JSON.stringify(asked);
  return JSON.parse(
    execFileSync(python, [path, ...folders], {
      input,
      encoding: "utf8",
      env,
      stdio: "pipe",
      maxBuffer: 2 ** 28,
    }),
  );
}
