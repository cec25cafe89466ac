/** What a Prometheus server reads at /metrics. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Engine, GenerationEvent } from "../engine/engine.js";
import type { Admission } from "./limits.js";

export class Metrics {
  /** A registry of its own, so that several servers live in one process. */
  readonly registry = new Registry();
  private readonly requests = new Counter({
    name: "autodidact_requests_total",
    help: "HTTP requests by route and status",
    labelNames: ["route", "status"],
    registers: [this.registry],
  });
  private readonly firstToken = new Histogram({
    name: "autodidact_time_to_first_token_seconds",
    help: "From the request's arrival to an answer's first token, waiting included",
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers: [this.registry],
  });
  private readonly speed = new Histogram({
    name: "autodidact_tokens_per_second",
    help: "Tokens a second of one answer after its first",
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000],
    registers: [this.registry],
  });

  constructor(engine: Engine, admission: Admission) {
    const { registry } = this;
    collectDefaultMetrics({ register: registry });
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({ name, help, registers: [registry], collect: setTo(read) });
    gauge("autodidact_answers_active", "Answers being written", () => engine.load().active);
    gauge("autodidact_answers_queued", "Answers that wait", () => admission.waiting + engine.load().waiting);
    const counter = (name: string, help: string, read: () => number) =>
      new Counter({ name, help, registers: [registry], collect: countTo(read) });
    counter("autodidact_prompt_tokens_total", "Tokens read", () => engine.load().promptTokens);
    counter("autodidact_completion_tokens_total", "Tokens written", () => engine.load().completionTokens);
  }

  request(route: string, status: number): void {
    this.requests.inc({ route, status });
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
