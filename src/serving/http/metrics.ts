/** What a Prometheus server reads at /metrics. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { watchWork } from "./thread-work.js";

export class Metrics {
  /** A registry of its own, so that several servers live in one process. */
  readonly registry = new Registry();
  private readonly requests = new Counter({
    name: "autodidact_requests_total",
    help: "HTTP requests by route and status",
    labelNames: ["route", "status"],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    const longest = watchWork();
    if (!longest) return;
    new Gauge({
      name: "autodidact_eventloop_work_max_seconds",
      help: "Longest stretch of the event loop's own work since the last look, waiting for a core left out",
      registers: [this.registry],
      collect() {
        this.set(longest());
      },
    });
  }

  request(route: string, status: number): void {
    this.requests.inc({ route, status });
  }
}
