/** Whatever comes, the answer is a success or an error in OpenAI's shape, and the next request is answered. */
import { request } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningServer, startServer } from "../../src/serving/openai/server.js";
import { ScriptedEngine } from "./scripted-engine.js";
import { defaults } from "./start.js";

const runs = { seed: 3, numRuns: 100 };
let server: RunningServer;
const engine = new ScriptedEngine();

beforeAll(async () => {
  server = await startServer({ ...defaults, engine });
});
afterAll(() => server.close(0));

interface Outcome {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function send(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: Uint8Array,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const asked = request(
      server.url,
      { method, path, headers, setHost: !("host" in headers) },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => {
          resolve({ status: response.statusCode!, type: String(response.headers["content-type"]), text });
        });
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
}

/** 200 with JSON or a stream that ends, or an error that names a cause; never the server's own fault. */
function expectWellFormed({ status, type, text }: Outcome): void {
  if (status === 200) {
    if (type.startsWith("text/event-stream")) expect(text).toMatch(/data: \[DONE\]\n\n$/);
    else if (type.startsWith("application/json")) JSON.parse(text);
    else expect(type).toMatch(/^text\/plain/);
    return;
  }
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  const { error } = JSON.parse(text);
  expect(Object.keys(error)).toEqual(["message", "type", "param", "code"]);
  expect(error.type).toBe("invalid_request_error");
  expect(error.message).toMatch(/ Found: /);
}

async function expectStillAlive(): Promise<void> {
  const body = Buffer.from('{"model":"tiny","prompt":"a","max_tokens":1}');
  const { status } = await send("POST", "/v1/completions", { "content-type": "application/json" }, body);
  expect([status, engine.load().active]).toEqual([200, 0]);
}

const routes = fc.constantFrom(
  ...["/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/embeddings"],
);
const json = { "content-type": "application/json" };

it("any JSON", async () => {
  await fc.assert(
    fc.asyncProperty(routes, fc.json({ maxDepth: 6 }), async (path, text) => {
      expectWellFormed(await send("POST", path, json, Buffer.from(text)));
    }),
    runs,
  );
  await expectStillAlive();
});

/** A value that may be right, or anything. */
const sometimes = (right: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 6, arbitrary: right }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) });
const text = fc.string({ unit: "binary", maxLength: 20 });
const message = fc.record({
  role: sometimes(fc.constantFrom("system", "user", "assistant", "tool")),
  content: sometimes(fc.oneof(text, fc.array(fc.record({ type: fc.constant("text"), text })))),
});
const nearlyRight = fc.record(
  {
    model: sometimes(fc.constant("tiny")),
    messages: sometimes(fc.array(message, { maxLength: 3 })),
    prompt: sometimes(fc.oneof(text, fc.array(fc.nat(300)), fc.array(text))),
    input: sometimes(fc.oneof(text, fc.array(text))),
    stream: sometimes(fc.boolean()),
    stream_options: sometimes(fc.record({ include_usage: fc.boolean() })),
    stop: sometimes(fc.oneof(text, fc.array(text))),
    seed: sometimes(fc.maxSafeInteger()),
    n: sometimes(fc.nat(4)),
    max_tokens: sometimes(fc.integer({ min: -1, max: 70 })),
    temperature: sometimes(fc.double({ min: -1, max: 3, noNaN: true })),
    top_p: sometimes(fc.double({ noNaN: true })),
    top_k: sometimes(fc.integer()),
    logprobs: sometimes(fc.oneof(fc.boolean(), fc.nat(6))),
    response_format: sometimes(fc.record({ type: fc.constantFrom("text", "json_object", "json_schema") })),
    encoding_format: sometimes(fc.constantFrom("float", "base64")),
    anything: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

it("requests that are nearly right", async () => {
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(routes, nearlyRight, async (path, body) => {
      const outcome = await send("POST", path, json, Buffer.from(JSON.stringify(body)));
      statuses.add(outcome.status);
      expectWellFormed(outcome);
    }),
    { ...runs, numRuns: 400 },
  );
  expect([...statuses].sort()).toEqual([200, 400, 404]); // so the search reaches past the first check
  await expectStillAlive();
});

it("any bytes", async () => {
  await fc.assert(
    fc.asyncProperty(routes, fc.uint8Array({ maxLength: 200 }), async (path, body) => {
      expectWellFormed(await send("POST", path, json, body));
    }),
    runs,
  );
  await expectStillAlive();
});

// What Node's client lets pass: visible ASCII without spaces in a path, no line breaks in a header.
const pathText = fc.stringMatching(/^[!-~]{0,30}$/);
const headerName = fc.constantFrom(
  ...["host", "origin", "content-type", "content-encoding", "authorization", "accept", "x-anything", "range"],
);
const headers = fc.dictionary(headerName, fc.stringMatching(/^[ -~]{0,40}$/));
const method = fc.constantFrom(
  "GET",
  "POST",
  "PUT",
  "HEAD",
  "DELETE",
  "PATCH",
  "OPTIONS",
  "TRACE",
  "PROPFIND",
);

it("any method, path and headers", async () => {
  await fc.assert(
    fc.asyncProperty(method, fc.oneof(routes, pathText), headers, async (verb, path, head) => {
      const outcome = await send(verb, `/${path.replace(/^\//, "")}`, head);
      if (verb === "HEAD") expect(outcome.status).toBeLessThan(500);
      else expectWellFormed(outcome);
    }),
    { ...runs, numRuns: 300 },
  );
  await expectStillAlive();
});

it("any path under the models", async () => {
  await fc.assert(
    fc.asyncProperty(pathText, async (path) => {
      expectWellFormed(await send("GET", `/v1/models/${path}`, {}));
    }),
    runs,
  );
  await expectStillAlive();
});
