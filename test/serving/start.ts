/** Servers for tests, gone when the test is done. */
import { onTestFinished } from "vitest";
import { byteTokenizer } from "../../src/features/tokenizer/byte-tokenizer.js";
import type { Engine } from "../../src/serving/engine/engine.js";
import { type RunningServer, type ServerOptions, startServer } from "../../src/serving/openai/server.js";

export const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] });

export const defaults = {
  tokenizer,
  model: { name: "tiny", contextLength: 64, created: 1_700_000_000 },
  port: 0,
  limits: { bodyBytes: 20_000, maxConcurrent: 2, maxQueue: 1 },
} satisfies Partial<ServerOptions>;

export async function start(engine: Engine, change: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const server = await startServer({ ...defaults, engine, ...change });
  onTestFinished(() => server.close(0));
  return server;
}

/** POSTs JSON. */
export function post(url: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  return fetch(url, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...init,
    headers: { "content-type": "application/json", ...init.headers },
  });
}

export interface ErrorBody {
  readonly error: { message: string; type: string; param: string | null; code: string | null };
}

/** The status and the error of a response in OpenAI's shape. */
export async function errorOf(response: Response): Promise<ErrorBody["error"] & { status: number }> {
  const { error } = (await response.json()) as ErrorBody;
  return { status: response.status, ...error };
}

/** Resolves as soon as the metrics have the line. */
export async function untilMetric(url: string, line: string): Promise<void> {
  while (!(await (await fetch(`${url}/metrics`)).text()).split("\n").includes(line));
}

/** Resolves as soon as the condition holds; the test's time limit ends it otherwise. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
