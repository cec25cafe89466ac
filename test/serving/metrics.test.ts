/** What those who run the server read: /healthz and /metrics. */
import { describe, expect, it } from "vitest";
import { ScriptedEngine } from "./scripted-engine.js";
import { post, start } from "./start.js";

/** The samples of the Prometheus text format by name and labels. */
async function metricsOf(url: string): Promise<Map<string, number>> {
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split("\n").filter((line) => line && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]));
}

describe("/metrics", () => {
  it("counts requests by route and status, tokens, and times", async () => {
    const { url } = await start(new ScriptedEngine());
    const completion = { model: "tiny", prompt: "Hello", max_tokens: 4, n: 2 };
    await post(`${url}/v1/completions`, completion);
    await post(`${url}/v1/completions`, { ...completion, model: "other" });
    await post(`${url}/v1/completions`, { ...completion, stream: true }).then((response) => response.text());
    for (const path of ["/v1/models/a", "/v1/models/b", "/x", "/y"]) await fetch(url + path);
    const metrics = await metricsOf(url);
    const requests = (route: string, status: number) =>
      metrics.get(`autodidact_requests_total{route="${route}",status="${status}"}`);
    expect(requests("/v1/completions", 200)).toBe(2);
    expect(requests("/v1/completions", 404)).toBe(1);
    expect(requests("/v1/models/:id", 404)).toBe(2);
    expect(requests("other", 404)).toBe(2);
    expect(metrics.get("autodidact_prompt_tokens_total")).toBe(4 * 5);
    expect(metrics.get("autodidact_completion_tokens_total")).toBe(4 * 4);
    expect(metrics.get("autodidact_answers_active")).toBe(0);
    expect(metrics.get("autodidact_answers_queued")).toBe(0);
    expect(metrics.get("autodidact_time_to_first_token_seconds_count")).toBe(4);
    expect(metrics.get("autodidact_tokens_per_second_count")).toBe(4);
    expect(metrics.get("process_cpu_seconds_total")).toBeGreaterThan(0);
    expect(metrics.has("nodejs_eventloop_lag_p99_seconds")).toBe(true);
    const cache = ["cached_prompt_tokens_total", "guessed_tokens_total", "prefix_cache_bytes"];
    expect(cache.map((name) => metrics.get(`autodidact_${name}`))).toEqual([0, 0, 0]);
  });

  it("of two servers in one process are apart", async () => {
    const [one, two] = [await start(new ScriptedEngine()), await start(new ScriptedEngine())];
    await post(`${one.url}/v1/completions`, { model: "tiny", prompt: "a", max_tokens: 1 });
    expect((await metricsOf(one.url)).get("autodidact_prompt_tokens_total")).toBe(1);
    expect((await metricsOf(two.url)).get("autodidact_prompt_tokens_total")).toBe(0);
  });
});

it.runIf(process.platform === "linux")(
  "the event loop's own work is told apart from its waiting",
  async () => {
    const { url } = await start(new ScriptedEngine());
    const work = async () => (await metricsOf(url)).get("autodidact_eventloop_work_max_seconds")!;
    await work(); // forgets what was before
    const before = process.cpuUsage();
    while (process.cpuUsage(before).user < 60_000); // microseconds of work in one turn
    const busy = await work();
    expect(busy).toBeGreaterThan(0.04);
    expect(await work()).toBeLessThan(busy);
  },
);

it("/healthz says that all is well", async () => {
  const { url } = await start(new ScriptedEngine());
  const response = await fetch(`${url}/healthz`);
  expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
  expect((await fetch(`${url}/healthz`, { method: "HEAD" })).status).toBe(200);
});
