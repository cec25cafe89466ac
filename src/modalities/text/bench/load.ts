/** A server under load, watched from outside through its own /metrics. */
import { setTimeout as sleep } from "node:timers/promises";
import { besides } from "../../../bench/scripts.js";
import { BenchError, startScript } from "../../../bench/side-process.js";

export interface Load {
  readonly url: string;
  readonly model: string;
  readonly clients: number;
  /** Characters of each prompt. */
  readonly promptLength: number;
  /** Most tokens of an answer; some get less. */
  readonly maxTokens: number;
  /** How many each client asks for, one after another; absent: until the time is over. */
  readonly requests?: number;
  readonly seconds?: number;
}

/** What the clients saw. */
export interface LoadReport {
  /** Complete ones. */
  readonly answers: number;
  readonly tokens: number;
  readonly errors: readonly string[];
  readonly firstTokenMs: readonly number[];
}

/** What the server said about itself. */
export interface Sample {
  /** Seconds since the clients began. */
  readonly at: number;
  /** Tokens written since its start. */
  readonly tokens: number;
  readonly residentBytes: number;
  /** The longest time since the last sample in which its main thread did nothing else. */
  readonly blockedMs: number;
  /** The longest stretch of its own work since then: the rest of the time it waited for a core. Linux alone tells. */
  readonly workMs?: number;
}

/** Longest time between two looks at the server; a short load has twenty. */
const longestSampleMs = 1000;

/** The least that the server's timer measures: it is what it waits for itself. [prom-client, eventLoopLag.js] */
const resolutionMs = 10;

/** Lets clients ask a server that has started. Throws `BenchError` when they break off. */
export async function measureLoad(load: Load): Promise<LoadReport & { samples: Sample[] }> {
  const clients = await startScript(besides("load-worker", import.meta.url), []);
  try {
    const sampleMs = Math.min(longestSampleMs, (load.seconds ?? 1) * 50);
    const start = performance.now();
    await sample(load.url, start); // the server forgets what was before
    const samples: Sample[] = [];
    let isOver = false;
    const asked = clients.ask<LoadReport>(JSON.stringify(load)).finally(() => {
      isOver = true;
    });
    asked.catch(() => {}); // thrown below
    while (!isOver) {
      await Promise.race([asked, sleep(sampleMs)]);
      samples.push(await sample(load.url, start));
    }
    return { ...(await asked), samples };
  } finally {
    clients.stop();
  }
}

async function sample(url: string, start: number): Promise<Sample> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const find = (name: string) => {
    const value = new RegExp(`^${name} (.+)$`, "m").exec(text)?.[1];
    return value === undefined ? undefined : Number(value);
  };
  const read = (name: string) => {
    const value = find(name);
    if (value !== undefined) return value;
    throw new BenchError(
      "the server's metrics lack a number",
      `${name}, at ${url}/metrics`,
      "measure a server of this version",
    );
  };
  const work = find("autodidact_eventloop_work_max_seconds");
  return {
    ...(work !== undefined && { workMs: work * 1000 }),
    at: (performance.now() - start) / 1000,
    tokens: read("autodidact_completion_tokens_total"),
    residentBytes: read("process_resident_memory_bytes"),
    blockedMs: Math.max(0, read("nodejs_eventloop_lag_max_seconds") * 1000 - resolutionMs),
  };
}
