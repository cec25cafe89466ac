/** Many streaming clients at once, from another process: the load that `autodidact bench --only serving` puts on a server. */
import { expect, it, onTestFinished } from "vitest";
import { measureLoad } from "../../src/modalities/text/bench/load.js";
import { startEngine } from "../../src/serving/engine/worker-engine.js";
import { startServer } from "../../src/serving/openai/server.js";
import { saveSmallModel } from "./small-model.js";

it("is borne by a server: every answer complete, none lost, nothing left behind", async () => {
  const { folder, remove } = await saveSmallModel();
  onTestFinished(remove);
  const engine = await startEngine({ folder, maxActive: 16, threads: 1 });
  onTestFinished(() => engine.close(0));
  const server = await startServer({
    engine,
    tokenizer: engine.tokenizer,
    model: { name: "small", contextLength: engine.modelInfo.contextLength, created: 1_700_000_000 },
    port: 0,
    // Fewer places than clients, so that some wait for others.
    limits: { bodyBytes: 2 ** 16, maxConcurrent: 12, maxQueue: 4 },
  });
  onTestFinished(() => server.close(0));
  const [clients, requests] = [16, 6];
  const load = { url: server.url, model: "small", clients, requests, promptLength: 60, maxTokens: 40 };
  const report = await measureLoad(load);
  expect(report.errors).toEqual([]);
  expect(report.answers).toBe(clients * requests);
  expect(report.firstTokenMs).toHaveLength(clients * requests);
  const { active, waiting, completionTokens } = engine.load();
  expect({ active, waiting }).toEqual({ active: 0, waiting: 0 });
  expect(report.tokens).toBe(completionTokens);
  expect(report.tokens).toBeGreaterThan(clients * requests);
  // How long the event loop was blocked is for `bench` to say: beside other tests a thread waits for a core, and
  // blocks of half a second were seen that were nobody's work.
  expect(report.samples.length).toBeGreaterThan(0);
});
