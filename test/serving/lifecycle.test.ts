/** Answers while they are written: waiting, going away, failing, ending the server. */
import { connect } from "node:net";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { RequestError } from "../../src/serving/engine/engine.js";
import { ServingError } from "../../src/serving/errors.js";
import { ScriptedEngine } from "./scripted-engine.js";
import { serveSmallModel } from "./small-model.js";
import { defaults, errorOf, post, start, until, untilMetric } from "./start.js";

let engine: ScriptedEngine;
beforeEach(() => {
  engine = new ScriptedEngine();
});

const completion = (change: object = {}) => ({
  ...{ model: "tiny", prompt: "Hi", max_tokens: 3, seed: 0 },
  ...change,
});
const chat = (change: object = {}) => ({
  ...{ model: "tiny", messages: [{ role: "user", content: "Hi" }], max_tokens: 3, seed: 0 },
  ...change,
});

/** The data of the events of a stream. */
const eventsOf = async (response: Response) =>
  (await response.text()).split("\n\n").flatMap((event) => (event ? [event.replace(/^data: /, "")] : []));

describe("a stream", () => {
  it("is what OpenAI sends: role, parts, reason, usage, [DONE]", async () => {
    const { url } = await start(engine);
    const body = chat({ stream: true, stream_options: { include_usage: true } });
    const response = await post(`${url}/v1/chat/completions`, body);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const events = await eventsOf(response);
    expect(events.pop()).toBe("[DONE]");
    const chunks = events.map((text) => JSON.parse(text));
    const { id, created } = chunks[0];
    expect(id).toMatch(/^chatcmpl-[\da-f]{32}$/);
    const delta = (delta: object, finish_reason: string | null = null) => ({
      ...{ id, object: "chat.completion.chunk", created, model: "tiny", usage: null },
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    });
    const prompt = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n";
    const prompt_tokens = defaults.tokenizer.encode(prompt).length;
    expect(chunks).toEqual([
      delta({ role: "assistant", content: "", refusal: null }),
      delta({ content: "a" }),
      delta({ content: "b" }),
      delta({ content: "c" }),
      delta({}, "length"),
      {
        ...{ id, object: "chat.completion.chunk", created, model: "tiny", choices: [] },
        usage: {
          ...{ prompt_tokens, completion_tokens: 3, total_tokens: prompt_tokens + 3 },
          prompt_tokens_details: { cached_tokens: 0 },
        },
      },
    ]);
  });

  it("of plain completions has parts and a reason, of each choice in order", async () => {
    const { url } = await start(engine);
    const response = await post(`${url}/v1/completions`, completion({ stream: true, n: 2 }));
    const events = await eventsOf(response);
    expect(events.pop()).toBe("[DONE]");
    const chunks = events.map((text) => JSON.parse(text));
    for (const chunk of chunks)
      expect(Object.keys(chunk)).toEqual(["id", "object", "created", "model", "choices"]);
    const choice = (index: number) =>
      chunks.map(({ choices }) => choices[0]).filter((c) => c.index === index);
    for (const [index, text] of ["abc", "bcd"].entries()) {
      const parts = choice(index);
      expect(parts.map((part) => part.text).join("")).toBe(text);
      expect(parts.map((part) => part.finish_reason)).toEqual([null, null, null, "length"]);
    }
  });

  it("that fails before its first word is an error with a status", async () => {
    const { url } = await start(engine, { onFault: () => {} });
    const cases: [Error, number][] = [
      [new RequestError("No grammar.", "a schema", "Change it."), 400],
      [new ServingError("The engine has failed.", "a crash", "Restart."), 503],
      [new TypeError("secret"), 500],
    ];
    for (const [error, status] of cases) {
      engine.failure = { error, afterFirst: false };
      const response_format = { type: "json_object" };
      for (const stream of [true, false]) {
        const got = await errorOf(
          await post(`${url}/v1/chat/completions`, chat({ stream, response_format })),
        );
        expect(got.status).toBe(status);
        if (status === 400) expect(got).toMatchObject({ param: "response_format", message: /No grammar/ });
        expect(got.message).not.toMatch("secret");
      }
    }
  });

  it("that fails later ends with an error, and its faults are told to the server alone", async () => {
    const onFault = vi.fn();
    const { url } = await start(engine, { onFault });
    const error = new TypeError("secret");
    engine.failure = { error, afterFirst: true };
    const events = await eventsOf(await post(`${url}/v1/chat/completions`, chat({ stream: true, n: 2 })));
    expect(JSON.parse(events.at(-1)!)).toEqual({
      error: { message: expect.any(String), type: "server_error", param: null, code: "internal_error" },
    });
    expect(events.join()).not.toMatch("secret");
    expect(onFault).toHaveBeenCalledExactlyOnceWith(error);
    expect(engine.load().active).toBe(0);
  });
});

describe("a full server", () => {
  it("lets so many wait, and tells the rest to come again", async () => {
    const { url } = await start(engine);
    engine.hold();
    const asked = [1, 2, 3].map((seed) => post(`${url}/v1/completions`, completion({ seed })));
    await until(() => engine.load().active === 2);
    await untilMetric(url, "autodidact_answers_queued 1");
    const refused = await post(`${url}/v1/completions`, completion());
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await errorOf(refused)).toMatchObject({
      status: 429,
      type: "rate_limit_error",
      code: "queue_full",
    });
    expect(await errorOf(await post(`${url}/v1/embeddings`, { model: "tiny", input: "a" }))).toMatchObject({
      status: 429,
    });
    expect(engine.seen).toHaveLength(2);
    engine.release();
    for (const response of await Promise.all(asked)) expect(response.status).toBe(200);
    expect(engine.seen.map(({ seed }) => seed).sort()).toEqual([1, 2, 3]);
    expect((await post(`${url}/v1/completions`, completion())).status).toBe(200);
  });

  it("counts each choice, and gives places in the order of arrival", async () => {
    const { url } = await start(engine, { limits: { ...defaults.limits, maxConcurrent: 1, maxQueue: 3 } });
    engine.hold();
    const first = post(`${url}/v1/completions`, completion({ n: 2, seed: 10 }));
    await until(() => engine.seen.length === 1);
    const second = post(`${url}/v1/completions`, completion({ seed: 20 }));
    await untilMetric(url, "autodidact_answers_queued 2");
    expect((await post(`${url}/v1/completions`, completion({ n: 2 }))).status).toBe(429);
    engine.release();
    await Promise.all([first, second]);
    expect(engine.seen.map(({ seed }) => seed)).toEqual([10, 11, 20]);
  });
});

describe("a client that goes away", () => {
  it.each([true, false])("ends its answers (stream: %s), and those that wait never begin", async (stream) => {
    const { url } = await start(engine);
    engine.hold();
    const client = new AbortController();
    const body = completion({ n: 3, stream });
    const gone = post(`${url}/v1/completions`, body, { signal: client.signal }).then((response) =>
      response.text(),
    );
    await until(() => engine.load().active === 2);
    client.abort();
    await expect(gone).rejects.toThrow(/abort/);
    await until(() => engine.load().active === 0);
    engine.release();
    const again = await post(`${url}/v1/completions`, completion({ n: 3 }));
    expect(again.status).toBe(200);
    expect(engine.seen).toHaveLength(2 + 3);
  });
});

describe("a model that breaks off", () => {
  it("is answered with 503, and the server says that it is not well", async () => {
    const { url, engine: model, close } = await serveSmallModel();
    onTestFinished(() => close());
    const body = { model: "small", prompt: "The sea", max_tokens: 2 };
    expect((await post(`${url}/v1/completions`, body)).status).toBe(200);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await model.thread.terminate();
    const refused = await errorOf(await post(`${url}/v1/completions`, body));
    expect(refused).toMatchObject({ status: 503, type: "server_error", code: "engine_failed" });
    const health = await fetch(`${url}/healthz`);
    expect([health.status, await health.json()]).toEqual([503, { status: "failed" }]);
  });

  it("ends its streams with an error", async () => {
    const { url } = await start(engine, { onFault: () => {} });
    const error = new ServingError("The model's thread failed.", "Error: x\n    at y", "Start anew.");
    engine.failure = { error, afterFirst: true };
    const last = (await eventsOf(await post(`${url}/v1/completions`, completion({ stream: true })))).at(-1)!;
    expect(JSON.parse(last).error).toMatchObject({ type: "server_error", code: "engine_failed" });
    expect(last).not.toMatch("at y");
  });
});

describe("a body that breaks off", () => {
  it("harms nobody", async () => {
    const onFault = vi.fn();
    const { url } = await start(engine, { onFault });
    const head = "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";
    for (const body of ["Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"]) {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      socket.end(head + body);
      await new Promise((resolve) => socket.resume().on("close", resolve));
    }
    expect((await post(`${url}/v1/completions`, completion())).status).toBe(200);
    expect(onFault).not.toHaveBeenCalled();
  });
});

describe("closing", () => {
  it("finishes what runs, takes nothing new, and frees the port", async () => {
    const { url, close } = await start(engine);
    engine.hold();
    const running = post(`${url}/v1/chat/completions`, chat({ stream: true }));
    await until(() => engine.load().active === 1);
    const closed = close(60_000);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    engine.release();
    expect((await eventsOf(await running)).at(-1)).toBe("[DONE]");
    await closed;
  });

  it("answers what still comes on open connections with 503", async () => {
    const { url, close } = await start(engine);
    engine.hold();
    // Two requests on one connection: the second is read when the first is answered.
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    const text = JSON.stringify(completion());
    const request = `POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
    let received = "";
    socket.on("data", (bytes) => {
      received += bytes;
    });
    const ended = new Promise((resolve) => socket.on("close", resolve));
    socket.write(request);
    await until(() => engine.load().active === 1);
    const closed = close(60_000);
    socket.write(request);
    engine.release();
    await Promise.all([closed, ended]);
    expect(received).toMatch(/^HTTP\/1.1 200/);
    expect(received.match(/HTTP\/1.1 (\d+)/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 503"]);
    expect(received).toMatch("shutting_down");
  });

  it("breaks off what outlasts the grace, and says so", async () => {
    const { url, close } = await start(engine);
    engine.hold();
    const stream = post(`${url}/v1/chat/completions`, chat({ stream: true }));
    const whole = post(`${url}/v1/completions`, completion());
    await until(() => engine.load().active === 2);
    await close(10);
    expect(JSON.parse((await eventsOf(await stream)).at(-1)!).error.code).toBe("shutting_down");
    expect(await errorOf(await whole)).toMatchObject({ status: 503, code: "shutting_down" });
    expect(engine.load().active).toBe(0);
  });
});
