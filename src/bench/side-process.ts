/** A process of its own for one side of a benchmark: a line in, a line of JSON out, after a first one when it is ready. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { AutodidactError } from "../core/errors.js";

/** A side of the benchmark did not start or broke off. */
export class BenchError extends AutodidactError {}

export interface SideProcess<Ready> {
  /** What it said first. */
  readonly ready: Ready;
  /** Sends a line and gives the answer. Throws `BenchError` when the process breaks off. */
  ask<Answer>(line: string): Promise<Answer>;
  /** Ends the process, whatever it is doing. */
  stop(): void;
}

/** Variables that a process has beside this one's. */
export type Environment = Readonly<Record<string, string>>;

/** Starts a file of the project, with the loader where it is TypeScript. Throws `BenchError` when it breaks off. */
export function startScript<Ready>(
  script: URL,
  args: readonly string[],
  env: Environment = {},
): Promise<SideProcess<Ready>> {
  const path = fileURLToPath(script);
  const loader = () => pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const flags = path.endsWith(".ts") ? ["--import", loader()] : [];
  return startSide(process.execPath, [...flags, path, ...args], env);
}

/** Starts a program. Throws `BenchError` when it breaks off. */
export async function startSide<Ready>(
  command: string,
  args: readonly string[],
  env: Environment = {},
): Promise<SideProcess<Ready>> {
  const child = spawn(command, args, { env: { ...process.env, ...env } });
  const stop = () => void child.kill("SIGKILL");
  process.once("exit", stop);
  child.once("close", () => process.removeListener("exit", stop));
  const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const broken = failure(child, `${command} ${args.join(" ")}`);
  broken.catch(() => {}); // it is thrown where a reply is awaited
  const reply = async () => {
    const { value, done } = await Promise.race([replies.next(), broken]);
    if (done) return broken;
    return JSON.parse(value);
  };
  return {
    ready: await reply(),
    ask(line) {
      child.stdin.write(`${line}\n`);
      return reply();
    },
    stop,
  };
}

/** The other end: says what is ready, then answers each line. */
export async function serveLines(ready: object, answer: (line: string) => Promise<object>): Promise<void> {
  const say = (reply: object) => process.stdout.write(`${JSON.stringify(reply)}\n`);
  say(ready);
  for await (const line of createInterface({ input: process.stdin })) say(await answer(line));
}

/** The most memory that this process has had resident. */
export const peakBytes = () => process.resourceUsage().maxRSS * 1024;

/** Rejects when the process ends or cannot start, with the end of what it said on standard error. */
function failure(child: ChildProcessWithoutNullStreams, command: string): Promise<never> {
  let said = "";
  child.stderr.on("data", (text) => {
    said = (said + text).slice(-2000);
  });
  child.stdin.on("error", () => {}); // a dead process is reported by its end
  return new Promise((_, reject) => {
    const fail = (reason: string) =>
      reject(
        new BenchError(
          "a side of the benchmark broke off",
          `${command}: ${reason}\n${said.trim()}`,
          "see its message; killed without one, it ran out of memory: choose a smaller --only",
        ),
      );
    child.on("error", ({ message }) => fail(message));
    child.on("close", (code, signal) => fail(signal ? `killed by ${signal}` : `exit code ${code}`));
  });
}
