/** Streaming clients of an OpenAI-compatible server, in a process of their own so that they keep nobody's event loop busy. */

import { serveLines } from "../../../bench/side-process.js";
import { chapter } from "./chapters.js";
import type { Load, LoadReport } from "./load.js";

interface Chunk {
  readonly choices: readonly { readonly text: string; readonly finish_reason: string | null }[];
  readonly usage?: { readonly completion_tokens: number } | null;
  readonly error?: { readonly message: string };
}

/** All clients until each has had its requests, or the time is over and the last answer complete. */
async function work(load: Load): Promise<LoadReport> {
  const { clients, requests = Number.POSITIVE_INFINITY, seconds = Number.POSITIVE_INFINITY } = load;
  const report = { answers: 0, tokens: 0, errors: [] as string[], firstTokenMs: [] as number[] };
  const end = performance.now() + seconds * 1000;
  const client = async (index: number) => {
    for (let n = 0; n < requests && performance.now() < end; n++) {
      const start = performance.now();
      try {
        const { tokens, firstAt } = await ask(load, index + n * clients);
        report.tokens += tokens;
        report.firstTokenMs.push(firstAt - start);
        report.answers++;
      } catch (error) {
        report.errors.push(String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
  return report;
}

/** One answer, read to its end. Throws when it is anything but complete. */
async function ask({ url, model, promptLength, maxTokens }: Load, number: number) {
  const response = await fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      ...{ model, stream: true, stream_options: { include_usage: true }, temperature: 1, seed: number },
      prompt: chapter(number).slice(0, promptLength),
      // Of several lengths, so that answers end and begin beside others.
      max_tokens: maxTokens - (number % 5) * Math.floor(maxTokens / 10),
    }),
  });
  if (!response.ok) throw new Error(`status ${response.status}: ${await response.text()}`);
  let [firstAt, tokens, finish, last] = [0, 0, "", ""];
  for await (const data of eventsOf(response)) {
    last = data;
    if (data === "[DONE]") continue;
    const { choices, usage, error }: Chunk = JSON.parse(data);
    if (error) throw new Error(error.message);
    firstAt ||= performance.now();
    finish = choices[0]?.finish_reason ?? finish;
    tokens = usage?.completion_tokens ?? tokens;
  }
  if (last === "[DONE]" && finish !== "" && tokens > 0) return { tokens, firstAt };
  throw new Error(`a stream that is not complete: ${tokens} tokens, finish ${finish}, last ${last}`);
}

/** The data of a stream's events. */
async function* eventsOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
    const events = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
    rest = events.pop()!;
    for (const event of events) yield event.replace(/^data: /, "");
  }
}

await serveLines({}, async (line) => work(JSON.parse(line)));
