/** A page into which a model writes, token by token: the engine without the API. */
import { readFileSync } from "node:fs";
import { serve } from "@hono/node-server";
import { startEngine } from "autodidact/server";
import { Hono } from "hono";
import { streamText } from "hono/streaming";

const [folder, port = "8080"] = process.argv.slice(2);
const engine = await startEngine({ folder });
const page = readFileSync(new URL("index.html", import.meta.url), "utf8");

const app = new Hono();
app.get("/", (c) => c.html(page));
app.get("/write", (c) => {
  const ids = engine.tokenizer.encode(c.req.query("prompt") || "The ");
  // Half of the context for the beginning, half for what follows.
  const half = Math.floor(engine.modelInfo.contextLength / 2);
  const request = { prompt: Int32Array.from(ids.slice(-half)), maxTokens: half, stop: [] };
  const sampling = { temperature: 0.8, topP: 0.95 };
  return streamText(c, async (stream) => {
    const left = new AbortController();
    stream.onAbort(() => left.abort());
    const seed = Math.floor(Math.random() * 2 ** 32);
    for await (const event of engine.generate({ ...request, sampling, seed }, left.signal)) {
      if (event.kind === "text") await stream.write(event.text);
    }
  });
});

const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(port) }, (address) => {
  console.log(`http://127.0.0.1:${address.port}/`);
});
process.once("SIGINT", () => {
  server.close();
  void engine.close();
});
