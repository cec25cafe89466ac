/** What a Prometheus server reads at /metrics. */
import { Counter, collectDefaultMetrics, Registry } from "prom-client";

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
  }

  request(route: string, status: number): void {
    this.requests.inc({ route, status });
  }
}
