/** What /metrics shows of a language model's answers. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Engine, GenerationEvent } from "../engine/engine.js";
import type { Admission } from "../http/limits.js";

export class AnswerMetrics {
  private readonly firstToken: Histogram;
  private readonly speed: Histogram;

  constructor(registry: Registry, engine: Engine, admission: Admission) {
    const registers = [registry];
    this.firstToken = new Histogram({
      name: "autodidact_time_to_first_token_seconds",
      help: "From the request's arrival to an answer's first token, waiting included",
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    });
    this.speed = new Histogram({
      name: "autodidact_tokens_per_second",
      help: "Tokens a second of one answer after its first",
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000],
      registers,
    });
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({ name, help, registers, collect: setTo(read) });
    gauge("autodidact_answers_active", "Answers being written", () => engine.load().active);
    gauge("autodidact_answers_queued", "Answers that wait", () => admission.waiting + engine.load().waiting);
    const counter = (name: string, help: string, read: () => number) =>
      new Counter({ name, help, registers, collect: countTo(read) });
    counter("autodidact_prompt_tokens_total", "Tokens read", () => engine.load().promptTokens);
    counter("autodidact_completion_tokens_total", "Tokens written", () => engine.load().completionTokens);
    counter(
      "autodidact_cached_prompt_tokens_total",
      "Tokens of prompts that were not read again",
      () => engine.load().cachedTokens ?? 0,
    );
    counter(
      "autodidact_guessed_tokens_total",
      "Tokens written that were guessed from what was said before",
      () => engine.load().guessedTokens ?? 0,
    );
    gauge(
      "autodidact_prefix_cache_bytes",
      "Memory of beginnings of prompts",
      () => engine.load().cacheBytes ?? 0,
    );
  }

  /** Watches one answer from its request's arrival on: call the result with each of its events. */
  answer(): (event: GenerationEvent) => void {
    const arrival = performance.now();
    let first: number | undefined;
    return (event) => {
      const now = performance.now();
      if (first === undefined) this.firstToken.observe((now - arrival) / 1000);
      first ??= now;
      if (event.kind === "end" && event.completionTokens > 1 && now > first) {
        this.speed.observe(((event.completionTokens - 1) * 1000) / (now - first));
      }
    };
  }
}

function setTo(read: () => number) {
  return function (this: Gauge) {
    this.set(read());
  };
}

/** The engine counts itself; its sum replaces the counter's. */
function countTo(read: () => number) {
  return function (this: Counter) {
    this.reset();
    this.inc(read());
  };
}
