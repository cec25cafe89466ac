/** A process that trains one decoder, a step a request: ours (worker.ts) or the PyTorch yardstick. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { AutodidactError } from "../../core/errors.js";
import { argumentsOf, type BenchDecoder } from "./decoders.js";
import { yardstickScript } from "./yardstick.js";

/** A side of the benchmark did not start or broke off. */
export class BenchError extends AutodidactError {}

/** The first line of a process. */
export interface Ready {
  readonly ready: true;
  /** Ours: floating-point operations of one token of training. */
  readonly flopsPerToken?: number;
  /** Ours: how many weights. */
  readonly parameters?: number;
  /** The yardstick: the rate of its matrix product. */
  readonly gemmGflops?: number;
}

export interface StepProcess {
  readonly ready: Ready;
  step(): Promise<{ seconds: number; loss: number }>;
  peakBytes(): Promise<number>;
  /** Ends the process, whatever it is doing. */
  stop(): void;
}

/** Starts our training of the decoder. Throws `BenchError` when it breaks off. */
export function startOurs(decoder: BenchDecoder): Promise<StepProcess> {
  const source = import.meta.url;
  const worker = fileURLToPath(new URL(`worker${source.slice(source.lastIndexOf("."))}`, source));
  const loader = pathToFileURL(createRequire(source).resolve("tsx")).href;
  return start(process.execPath, ["--import", loader, worker, ...argumentsOf(decoder)]);
}

/** Starts PyTorch's training of the decoder. Throws `BenchError` when it breaks off. */
export function startYardstick(python: string, decoder: BenchDecoder): Promise<StepProcess> {
  return start(python, [yardstickScript, ...argumentsOf(decoder)]);
}

async function start(command: string, args: string[]): Promise<StepProcess> {
  const child = spawn(command, args);
  const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const broken = failure(child, `${command} ${args.join(" ")}`);
  broken.catch(() => {}); // it is thrown where a reply is awaited
  const reply = async () => {
    const { value, done } = await Promise.race([replies.next(), broken]);
    if (done) return broken;
    return JSON.parse(value);
  };
  const ask = (word: string) => {
    child.stdin.write(`${word}\n`);
    return reply();
  };
  return {
    ready: await reply(),
    step: () => ask("step"),
    peakBytes: async () => (await ask("peak")).peakBytes,
    stop: () => void child.kill("SIGKILL"),
  };
}

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
