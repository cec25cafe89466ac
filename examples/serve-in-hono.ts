/**
 * A Hono app that exists gets OpenAI's API for a model under /ai, beside routes of its own. In Express:
 * `app.use("/ai", getRequestListener(ai.fetch))`, with `getRequestListener` of @hono/node-server.
 */
import { serve } from "@hono/node-server";
import { createRoutes, startEngine } from "autodidact/server";
import { Hono } from "hono";

const [folder, port = "8080"] = process.argv.slice(2);
const engine = await startEngine({ folder });
const { contextLength } = engine.modelInfo;
const ai = createRoutes({
  engine,
  tokenizer: engine.tokenizer,
  model: { name: "notes", contextLength, created: Math.floor(Date.now() / 1000) },
  limits: { bodyBytes: 2 ** 20, maxConcurrent: 4, maxQueue: 16 },
});

const app = new Hono();
app.get("/", (c) => c.text("this app was here before"));
app.mount("/ai", ai.fetch);

const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(port) }, (address) => {
  console.log(`http://127.0.0.1:${address.port}/ai/v1/chat/completions`);
});
process.once("SIGINT", () => {
  server.close();
  void engine.close();
});
