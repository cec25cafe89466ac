/** What the server refuses, with the status and the field that OpenAI's clients expect. */
import { connect } from "node:net";
import { beforeEach, describe, expect, it } from "vitest";
import { ScriptedEngine } from "./scripted-engine.js";
import { type ErrorBody, errorOf, post, start } from "./start.js";

let url: string;
const engine = new ScriptedEngine();

beforeEach(async () => {
  url = (await start(engine)).url;
});

const chat = (change: object = {}) => ({
  model: "tiny",
  messages: [{ role: "user", content: "Hi" }],
  max_tokens: 2,
  ...change,
});
const said = (...messages: unknown[]) => chat({ messages });
const user = (content: unknown) => ({ role: "user", content });
const call = { id: "a", type: "function", function: { name: "f", arguments: "{}" } };
const calling = (...calls: unknown[]) => ({ role: "assistant", content: null, tool_calls: calls });
const tool = (name: string) => ({ type: "function", function: { name } });
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

describe("a chat with a wrong field", () => {
  it.each<[string, unknown, string | null, RegExp]>([
    ["malformed JSON", '{"model": "tiny"', null, /not valid JSON/],
    ["bytes that are no JSON", "\u0000", null, /not valid JSON/],
    ["a list", [], null, /expected object/],
    ["nothing", "null", null, /expected object/],
    ["deep nesting", `{"messages": ${nested(9_900)}}`, null, /nested too deeply/],
    ["deep nesting of the unknown", `{"x": ${nested(64)}}`, null, /nested too deeply/],
    ["no model", { messages: [user("Hi")] }, "model", /expected string/],
    ["a model that is a number", chat({ model: 1 }), "model", /Found: 1\./],
    ["no messages", { model: "tiny" }, "messages", /expected array/],
    ["empty messages", said(), "messages", /Found: \[\]/],
    ["a message that is text", said("Hi"), "messages[0]", /expected object, received string/],
    ["an unknown role", said({ role: "king", content: "Hi" }), "messages[0].role", /"king"/],
    ["content that is a number", said(user(7)), "messages[0].content", /Found: 7/],
    ["content that is null", said({ role: "assistant", content: null }), "messages[0].content", /null/],
    [
      "an image",
      said(user([{ type: "image_url", image_url: { url: "data:," } }])),
      "messages[0].content[0].type",
      /reads text only/,
    ],
    ["a part without text", said(user([{ type: "text" }])), "messages[0].content[0].text", /expected string/],
    [
      "a variable that is not the client's",
      chat({ chat_template_kwargs: { messages: [] } }),
      "messages",
      /set by what is asked/,
    ],
    ["variables in a list", chat({ chat_template_kwargs: [] }), "chat_template_kwargs", /expected record/],
    ["half a surrogate pair", said(user("\ud800")), "messages", /surrogate/],
    ["a call without an id", said(calling({})), "messages[0].tool_calls[0].id", /expected string/],
    [
      "arguments that are no JSON",
      said(calling({ ...call, function: { name: "f", arguments: "{" } })),
      "messages[0].tool_calls[0].function.arguments",
      /JSON object/,
    ],
    [
      "calls of a user",
      said({ ...user("a"), tool_calls: [call] }),
      "messages[0].tool_calls",
      /Only an assistant/,
    ],
    ["tools for a model without", chat({ tools: [tool("f")] }), "tools", /has no tools/],
    [
      "a tool of the server's",
      chat({ tools: [{ type: "web_search" }] }),
      "tools[0].type",
      /no tools of its own/,
    ],
    ["a function with a space", chat({ tools: [tool("a b")] }), "tools[0].function.name", /1 to 64/],
    ["a choice of no tool", chat({ tool_choice: "required" }), "tool_choice", /required; there are none/],
    ["an old function", chat({ functions: [{ name: "f" }] }), "functions", /does not support/],
    ["a penalty", chat({ presence_penalty: 2.5 }), "presence_penalty", /<=2/],
    ["another penalty", chat({ frequency_penalty: -3 }), "frequency_penalty", />=-2/],
    ["too much of a bias", chat({ logit_bias: { 5: 101 } }), "logit_bias.5", /<=100/],
    ["a bias of a word", chat({ logit_bias: { the: 1 } }), "logit_bias.the", /Invalid key/],
    ["a bias of no token", chat({ logit_bias: { 70000: 1 } }), "logit_bias", /id 70000, of \d+ tokens/],
    ["sound", chat({ modalities: ["text", "audio"] }), "modalities[1]", /"audio"/],
    ["heat", chat({ temperature: 2.5 }), "temperature", /<=2/],
    ["cold", chat({ temperature: -1 }), "temperature", />=0/],
    ["a temperature in words", chat({ temperature: "hot" }), "temperature", /expected number/],
    [
      "heat beyond all numbers",
      JSON.stringify(chat()).replace("{", '{"temperature": 1e999, '),
      "temperature",
      /beyond/,
    ],
    ["an infinite seed", JSON.stringify(chat()).replace("{", '{"seed": 1e999, '), "seed", /beyond/],
    [
      "a seed that JSON rounds",
      JSON.stringify(chat()).replace("{", '{"seed": 18446744073709551615,'),
      "seed",
      /18446744073709552000/,
    ],
    ["less than no nucleus", chat({ top_p: -0.1 }), "top_p", />=0/],
    ["fewer than no tokens to draw from", chat({ top_k: -2 }), "top_k", />=-1/],
    ["half a token", chat({ top_k: 1.5 }), "top_k", /int/],
    ["no tokens", chat({ max_tokens: 0 }), "max_tokens", />=1/],
    ["two limits", chat({ max_completion_tokens: 3 }), "max_tokens", /one of them/],
    ["no choice", chat({ n: 0 }), "n", />=1/],
    ["too many choices", chat({ n: 9 }), "n", /<=8/],
    ["more choices than places", chat({ n: 4 }), "n", /4 answers, the server takes 3/],
    ["five stops", chat({ stop: ["a", "b", "c", "d", "e"] }), "stop", /Found/],
    ["an empty one of the stops", chat({ stop: ["a", ""] }), "stop[1]", />=1/],
    ["alternatives without probabilities", chat({ top_logprobs: 2 }), "top_logprobs", /logprobs: true/],
    ["too many alternatives", chat({ logprobs: true, top_logprobs: 21 }), "top_logprobs", /<=20/],
    ["an unknown format", chat({ response_format: { type: "xml" } }), "response_format.type", /xml/],
    [
      "a schema without a schema",
      chat({ response_format: { type: "json_schema", json_schema: { name: "x" } } }),
      "response_format.json_schema.schema",
      /expected record/,
    ],
    ["a stream that is text", chat({ stream: "yes" }), "stream", /expected boolean/],
  ])("%s", async (_, body, param, message) => {
    const error = await errorOf(await post(`${url}/v1/chat/completions`, body));
    expect(error).toMatchObject({ status: 400, type: "invalid_request_error", param });
    expect(error.message).toMatch(message);
    expect(engine.load().active).toBe(0);
  });
});

describe("a completion with a wrong field", () => {
  const completion = (change: object) => ({ model: "tiny", prompt: "Hi", max_tokens: 1, ...change });
  it.each<[string, object, string, RegExp]>([
    ["no prompt", { prompt: undefined }, "prompt", /Found: nothing/],
    ["no prompts", { prompt: [] }, "prompt", /Found: \[\]/],
    ["a token that there is not", { prompt: [1, 259] }, "prompt", /token 259, ids go from 0 to 258/],
    ["a token below zero", { prompt: [-1] }, "prompt[0]", /Found: -1/],
    ["half a token", { prompt: [[1], [0.5]] }, "prompt[1][0]", /Found: 0.5/],
    ["no tokens without an echo", { max_tokens: 0 }, "max_tokens", /or 0 with echo/],
    ["a suffix", { suffix: "end" }, "suffix", /leave it out/],
    ["a best of several", { best_of: 3 }, "best_of", /leave it out or give n/],
    ["too many alternatives", { logprobs: 6 }, "logprobs", /<=5/],
    ["a long second prompt", { prompt: ["a", "b".repeat(65)] }, "prompt[1]", /65/],
  ])("%s", async (_, change, param, message) => {
    const error = await errorOf(await post(`${url}/v1/completions`, completion(change)));
    expect(error).toMatchObject({ status: 400, type: "invalid_request_error", param });
    expect(error.message).toMatch(message);
  });

  it.each([
    [{ input: "" }, "input"],
    [{ input: [] }, "input"],
    [{ input: ["a", ""] }, "input[1]"],
    [{ input: "a", encoding_format: "hex" }, "encoding_format"],
    [{ input: "a", dimensions: 2 }, "dimensions"],
    [{ input: ["a", "b".repeat(65)] }, "input[1]"],
  ])("embeddings of %j", async (change, param) => {
    const error = await errorOf(await post(`${url}/v1/embeddings`, { model: "tiny", ...change }));
    expect(error).toMatchObject({ status: 400, param });
  });
});

describe("a request that does not fit the context", () => {
  it.each([
    [
      "completions",
      { prompt: "x".repeat(60), max_tokens: 5 },
      /65 tokens \(60 in the prompt, 5 to write\), the context is 64/,
    ],
    [
      "completions",
      { prompt: "x".repeat(49) },
      /65 tokens \(49 in the prompt, 16 to write\), the context is 64/,
    ],
    ["completions", { prompt: "x".repeat(65), max_tokens: 1 }, /has 65 tokens, the context is 64/],
    ["completions", { prompt: "x".repeat(19_000) }, /has at least 1462 tokens, the context is 64/],
    ["chat/completions", { messages: [user("x".repeat(60))] }, /has \d\d tokens, the context is 64/],
    [
      "chat/completions",
      { messages: [user("x".repeat(20))], max_tokens: 50 },
      /\d\d tokens .*the context is 64/,
    ],
    ["embeddings", { input: "x".repeat(70) }, /has 70 tokens, the context is 64/],
  ])("%s %#", async (route, body, message) => {
    const error = await errorOf(await post(`${url}/v1/${route}`, { model: "tiny", ...body }));
    expect(error).toMatchObject({ status: 400, code: "context_length_exceeded" });
    expect(error.message).toMatch(message);
  });

  it("nor the server's own limit", async () => {
    const { url } = await start(engine, { maxTokensPerRequest: 8 });
    const body = { model: "tiny", prompt: "Hi", max_tokens: 9 };
    const error = await errorOf(await post(`${url}/v1/completions`, body));
    expect(error).toMatchObject({ status: 400, param: "max_tokens" });
    expect(error.message).toMatch(/9, the server writes 8/);
    for (const [route, request] of [
      ["completions", { ...body, max_tokens: undefined }],
      ["chat/completions", chat({ max_tokens: undefined })],
    ]) {
      expect((await post(`${url}/v1/${route}`, request)).status).toBe(200);
      expect(engine.seen.at(-1)?.maxTokens).toBe(8);
    }
  });
});

describe("addresses", () => {
  it.each([
    ["GET", "/", 404, "unknown_url"],
    ["GET", "/v1", 404, "unknown_url"],
    ["POST", "/v1/chat", 404, "unknown_url"],
    ["GET", "/v1/models/other", 404, "model_not_found"],
    ["GET", "/v1/models/..%2f..%2f..%2fetc%2fpasswd", 404, "model_not_found"],
    ["GET", "/..%2f..%2fetc/passwd", 404, "unknown_url"],
    ["GET", "/%2e%2e/%2e%2e/etc/passwd", 404, "unknown_url"],
    ["GET", "/v1/%", 404, "unknown_url"],
    ["GET", "/v1/completions", 405, "method_not_allowed"],
    ["DELETE", "/v1/models", 405, "method_not_allowed"],
    ["OPTIONS", "/v1/chat/completions", 405, "method_not_allowed"],
  ])("%s %s: %i", async (method, path, status, code) => {
    const response = await fetch(url + path, { method });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(await errorOf(response)).toMatchObject({ status, code });
    if (status === 405) expect(response.headers.get("allow")).toMatch(/^(POST|GET, HEAD)$/);
  });

  it.each(["/v1/models/", "//v1/models", "/v1//models", "/v1/models/tiny/", "//health"])(
    "with a slash too many are meant without it: %s",
    async (path) => {
      expect((await fetch(url + path)).status).toBe(200);
    },
  );

  it("paths as no client sends them", async () => {
    const answer = (path: string) =>
      raw(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
    expect(await answer("/../../etc/passwd")).toMatchObject({ status: 404 });
    expect(await answer("/\\..\\etc")).toMatchObject({ status: 400 });
    expect(await answer("etc/passwd")).toMatchObject({ status: 400 });
    expect(await answer("http://other.example/v1/nothing")).toMatchObject({ status: 404 });
  });

  it("an unknown model: the ones there are", async () => {
    const { url } = await start(engine, { adapters: ["pirate"] });
    const error = await errorOf(await post(`${url}/v1/chat/completions`, chat({ model: "gpt-4" })));
    expect(error).toMatchObject({ status: 404, param: "model", code: "model_not_found" });
    expect(error.message).toMatch(/"gpt-4"; there are "tiny", "pirate"/);
  });
});

describe("bodies", () => {
  const send = (init: RequestInit) => fetch(`${url}/v1/completions`, { method: "POST", ...init });

  it.each(["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])(
    "of the type %j",
    async (type) => {
      const response = await send({ body: Buffer.from("{}"), headers: type ? { "content-type": type } : {} });
      expect(await errorOf(response)).toMatchObject({ status: 415 });
    },
  );

  it("compressed", async () => {
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    expect(await errorOf(await send({ body: "{}", headers }))).toMatchObject({ status: 415 });
  });

  it("with a type that says the characters", async () => {
    const headers = { "content-type": "Application/JSON; charset=utf-8" };
    expect((await send({ body: '{"model":"tiny","prompt":"a"}', headers })).status).toBe(200);
  });

  it("not UTF-8", async () => {
    const body = Buffer.concat([Buffer.from('{"model":"'), Buffer.of(0xff), Buffer.from('"}')]);
    const error = await errorOf(await send({ body, headers: { "content-type": "application/json" } }));
    expect(error).toMatchObject({ status: 400, message: expect.stringContaining("not UTF-8") });
  });

  it("over the limit, whether their length is said or not", async () => {
    const body = JSON.stringify({ model: "tiny", prompt: "x".repeat(20_000) });
    const said = await errorOf(await post(`${url}/v1/completions`, body));
    expect(said).toMatchObject({ status: 413, code: "request_too_large" });
    expect(said.message).toMatch(/takes 20000/);
    const stream = new ReadableStream({
      start(controller) {
        for (let at = 0; at < body.length; at += 5000)
          controller.enqueue(Buffer.from(body.slice(at, at + 5000)));
        controller.close();
      },
    });
    const init = { body: stream, duplex: "half", headers: { "content-type": "application/json" } } as const;
    expect(await errorOf(await send(init))).toMatchObject({ status: 413 });
  });

  it("at the limit", async () => {
    const body = `{"model":"tiny","prompt":"a"${" ".repeat(20_000 - 29)}}`;
    expect(body).toHaveLength(20_000 - 0);
    expect((await post(`${url}/v1/completions`, body)).status).toBe(200);
  });
});

describe("keys", () => {
  it.each([
    [undefined, 401],
    ["Bearer wrong", 401],
    ["Bearer secre", 401],
    ["Bearer secret2", 401],
    ["Basic c2VjcmV0", 401],
    ["Bearer ", 401],
    ["Bearer secret", 200],
    ["bearer  secret", 200],
  ])("%j: %i", async (authorization, status) => {
    const { url } = await start(engine, { apiKey: "secret" });
    const headers: HeadersInit = authorization ? { authorization } : {};
    for (const path of ["/v1/models", "/metrics", "//v1/models", "/v1//models/", "//metrics/"]) {
      const response = await fetch(url + path, { headers });
      expect(response.status).toBe(status);
      if (status === 200) continue;
      expect(response.headers.get("www-authenticate")).toBe('Bearer realm="autodidact"');
      expect(await errorOf(response)).toMatchObject({ code: "invalid_api_key" });
    }
    expect((await fetch(`${url}/healthz`, { headers })).status).toBe(200);
  });

  it("are asked for before anything else is said", async () => {
    const { url } = await start(engine, { apiKey: "secret" });
    expect((await fetch(`${url}/v1/nothing`)).status).toBe(401);
    expect((await post(`${url}/v1/completions`, "{")).status).toBe(401);
  });
});

describe("browsers on other sites", () => {
  const ask = (headers: string) => raw(`GET /v1/models HTTP/1.1\r\n${headers}\r\nConnection: close\r\n\r\n`);

  it("by a name that was made to point here", async () => {
    expect(await ask("Host: evil.example:8080")).toMatchObject({ status: 403, code: "cross_site" });
    expect(await ask("Host: 127.0.0.1.evil.example")).toMatchObject({ status: 403 });
    expect(await ask("Host: localhost:1")).toMatchObject({ status: 200 });
    expect(await ask("Host: [::1]:8080")).toMatchObject({ status: 200 });
    expect(await ask("X-No-Host: 1")).toMatchObject({ status: 403 });
  });

  it("by their origin", async () => {
    expect(await ask("Host: 127.0.0.1:8\r\nOrigin: http://127.0.0.1:8")).toMatchObject({ status: 200 });
    expect(await ask("Host: 127.0.0.1:8\r\nOrigin: http://evil.example")).toMatchObject({ status: 403 });
    expect(await ask("Host: 127.0.0.1:8\r\nOrigin: null")).toMatchObject({ status: 403 });
  });

  it("not where a key keeps them out", async () => {
    const { url } = await start(engine, { apiKey: "secret" });
    const request =
      "GET /v1/models HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer secret\r\nConnection: close";
    expect(await raw(`${request}\r\n\r\n`, url)).toMatchObject({ status: 200 });
  });
});

describe("what is no HTTP", () => {
  it.each([
    ["garbage", "garbage\r\n\r\n", 400],
    ["a huge header", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
    ["two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400],
    ["an expectation", "GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\nConnection: close\r\n\r\n", 417],
    ["a host that is none", "GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", 400],
  ])("%s", async (_, request, status) => {
    expect(await raw(request)).toMatchObject({ status, type: "invalid_request_error" });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

/** Sends bytes as they are and reads the answer until the connection ends. */
function raw(request: string, to = url): Promise<ErrorBody["error"] & { status: number }> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(to).port), "127.0.0.1", () => socket.write(request));
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes;
    });
    socket.on("error", reject);
    socket.on("close", () => {
      const [head, body] = text.split("\r\n\r\n");
      const json = /^[\da-f]+\r\n/.test(body) ? body.split("\r\n")[1] : body;
      resolve({ status: Number(head.split(" ")[1]), ...JSON.parse(json).error });
    });
  });
}
