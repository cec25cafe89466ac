/** The official `openai` client against the real engine. */
import OpenAI, {
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  RateLimitError,
} from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { compileDecoder } from "../../src/generation/decoder-session.js";
import { type GenerateOptions, generate } from "../../src/generation/generate.js";
import { ScriptedEngine } from "./scripted-engine.js";
import { type SmallServer, serveSmallModel, smallModel } from "./small-model.js";
import { defaults, start, until, untilMetric } from "./start.js";

const apiKey = "secret";
let server: SmallServer;
let client: OpenAI;

beforeAll(async () => {
  server = await serveSmallModel(apiKey);
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries: 0 });
});
afterAll(() => server.close());

/** What the library writes, without any server. */
async function written(prompt: string, options: Omit<GenerateOptions, "prompts">) {
  const { model, weights, tokenizer } = smallModel();
  const session = await compileDecoder(nodeRuntime, model, weights);
  const [generation] = await generate(session, tokenizer!, { ...options, prompts: [prompt] });
  await session.release();
  return generation;
}

const messages = [
  { role: "system" as const, content: "Be brief." },
  { role: "user" as const, content: "What is a whale?" },
];
const rendered =
  "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhat is a whale?<|im_end|>\n<|im_start|>assistant\n";
const promptTokens = smallModel().tokenizer!.encode(rendered).length;

describe("chat", () => {
  it("answers with the text that the library writes, greedily", async () => {
    const answer = await client.chat.completions.create({
      ...{ model: "small", messages, max_tokens: 20, temperature: 0 },
    });
    const { text, tokenCount } = await written(rendered, { maxTokens: 20, temperature: 0 });
    expect(answer.object).toBe("chat.completion");
    expect(answer.choices).toEqual([
      {
        index: 0,
        message: { role: "assistant", content: text, refusal: null },
        logprobs: null,
        finish_reason: "length",
      },
    ]);
    expect(answer.usage).toEqual({
      prompt_tokens: promptTokens,
      completion_tokens: tokenCount,
      total_tokens: promptTokens + tokenCount,
      prompt_tokens_details: { cached_tokens: 0 },
    });
  });

  it("and with the same seed the same, by default as the model's author suggests", async () => {
    const ask = (seed: number) =>
      client.chat.completions.create({ model: "small", messages, max_completion_tokens: 20, seed });
    const [one, again, other] = [await ask(7), await ask(7), await ask(8)].map(
      ({ choices }) => choices[0].message.content,
    );
    expect(one).toBe((await written(rendered, { maxTokens: 20, temperature: 0.7, seed: 7 })).text);
    expect(again).toBe(one);
    expect(other).not.toBe(one);
  });

  it("to turns in any order that the template takes", async () => {
    const turns = ["user", "user", "assistant", "user", "system"] as const;
    const answer = await client.chat.completions.create({
      model: "small",
      messages: turns.map((role) => ({ role, content: role === "assistant" ? "" : "Hi" })),
      ...{ max_completion_tokens: 5, temperature: 0 },
    });
    const prompt = turns.map(
      (role) => `<|im_start|>${role}\n${role === "assistant" ? "" : "Hi"}<|im_end|>\n`,
    );
    const { text } = await written(`${prompt.join("")}<|im_start|>assistant\n`, {
      maxTokens: 5,
      temperature: 0,
    });
    expect(answer.choices[0].message.content).toBe(text);
  });

  it("with penalties and a bias, and with what clients send for none of a setting", async () => {
    const ask = async (settings: object) => {
      const request = { model: "small", messages, max_completion_tokens: 20, temperature: 0, ...settings };
      return (await client.chat.completions.create(request)).choices[0].message.content;
    };
    const plain = await ask({});
    const bias = { 65: 100 };
    const shared = { maxTokens: 20, temperature: 0 };
    expect(await ask({ logit_bias: bias })).toBe(
      (await written(rendered, { ...shared, logitBias: bias })).text,
    );
    expect(await ask({ logit_bias: bias })).not.toBe(plain);
    const penalties = { frequencyPenalty: 1.5, presencePenalty: 0.5 };
    const penalised = await ask({ frequency_penalty: 1.5, presence_penalty: 0.5 });
    expect(penalised).toBe((await written(rendered, { ...shared, ...penalties })).text);
    expect(await ask({ stop: "", top_k: -1, top_p: 0, logit_bias: {}, presence_penalty: 0 })).toBe(plain);
  });

  it("choice i of n is the answer to seed + i", async () => {
    const ask = (seed: number, n: number) =>
      client.chat.completions.create({ model: "small", messages, max_tokens: 12, seed, n });
    const { choices, usage } = await ask(30, 3);
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    for (const { index, message } of choices) {
      expect((await ask(30 + index, 1)).choices[0].message).toEqual(message);
    }
    expect(usage).toMatchObject({ prompt_tokens: promptTokens, completion_tokens: 36 });
  });

  it("streams the same text, with usage", async () => {
    const request = { model: "small", messages, max_tokens: 25, seed: 3, n: 2 };
    const whole = await client.chat.completions.create(request);
    const stream = await client.chat.completions.create({
      ...{ ...request, stream: true as const, stream_options: { include_usage: true } },
    });
    const texts = ["", ""];
    const reasons: unknown[] = [];
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      for (const { index, delta, finish_reason } of chunk.choices) {
        texts[index] += delta.content ?? "";
        if (finish_reason) reasons.push(finish_reason);
      }
      usage = chunk.usage;
    }
    expect(texts).toEqual(whole.choices.map(({ message }) => message.content));
    expect(reasons).toEqual(["length", "length"]);
    expect(usage).toEqual(whole.usage);
  });

  it("stops before a stop text", async () => {
    const request = { model: "small", messages, max_tokens: 40, temperature: 0 };
    const { choices } = await client.chat.completions.create(request);
    const text = choices[0].message.content!;
    const stop = text.slice(10, 12);
    const stopped = await client.chat.completions.create({ ...request, stop: ["\u0000none", stop] });
    expect(stopped.choices[0]).toMatchObject({
      message: { content: text.slice(0, text.indexOf(stop)) },
      finish_reason: "stop",
    });
  });

  it("reports log-probabilities, whole and streamed alike", async () => {
    const request = {
      ...{ model: "small", messages, max_tokens: 8, temperature: 0, logprobs: true, top_logprobs: 3 },
    };
    const [choice] = (await client.chat.completions.create(request)).choices;
    const places = choice.logprobs!.content!;
    expect(places).toHaveLength(8);
    const text = Buffer.from(places.flatMap(({ bytes }) => bytes!)).toString("utf8");
    expect(text).toBe(choice.message.content);
    for (const { token, logprob, top_logprobs } of places) {
      expect(top_logprobs[0]).toMatchObject({ token, logprob }); // greedy: the likeliest was taken
      const probabilities = top_logprobs.map((top) => Math.exp(top.logprob));
      expect(probabilities).toEqual(probabilities.toSorted((a, b) => b - a));
      expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeLessThanOrEqual(1);
    }
    const streamed: unknown[] = [];
    for await (const { choices } of await client.chat.completions.create({ ...request, stream: true })) {
      streamed.push(...(choices[0].logprobs?.content ?? []));
    }
    expect(streamed).toEqual(places);
  });

  it("writes JSON where a schema asks for it", async () => {
    const schema = {
      type: "object",
      properties: { size: { enum: ["small", "large"] }, isFish: { type: "boolean" } },
      required: ["size", "isFish"],
      additionalProperties: false,
    };
    const response_format = {
      type: "json_schema" as const,
      json_schema: { name: "whale", schema, strict: true },
    };
    const { choices } = await client.chat.completions.create({
      ...{ model: "small", messages, response_format, seed: 1 },
    });
    expect(choices[0].finish_reason).toBe("stop");
    expect(JSON.parse(choices[0].message.content!)).toEqual({
      size: expect.stringMatching(/^(small|large)$/),
      isFish: expect.any(Boolean),
    });
  });

  it("takes content in parts, and a developer for the system", async () => {
    const request = { model: "small", max_tokens: 10, temperature: 0 };
    const [system, user] = messages.map(({ content }) => [{ type: "text" as const, text: content }]);
    const parts = await client.chat.completions.create({
      ...request,
      messages: [
        { role: "developer", content: system },
        { role: "user", content: user },
      ],
    });
    const plain = await client.chat.completions.create({ ...request, messages });
    expect(parts.choices).toEqual(plain.choices);
  });
});

describe("completions", () => {
  it("continue texts and tokens, several at once as one by one", async () => {
    const request = { model: "small", max_tokens: 10, seed: 5 };
    const tokens = [...smallModel().tokenizer!.encode("The land")];
    const { choices, usage } = await client.completions.create({
      ...request,
      prompt: ["The sea", "The land"],
    });
    const alone = await Promise.all([
      client.completions.create({ ...request, prompt: "The sea" }),
      client.completions.create({ ...request, prompt: tokens }),
    ]);
    expect(choices.map(({ text }) => text)).toEqual(alone.map((answer) => answer.choices[0].text));
    const { text } = await written("The sea", { maxTokens: 10, temperature: 0.7, seed: 5 });
    expect(choices[0].text).toBe(text);
    const prompt_tokens_details = { cached_tokens: 0 };
    expect(usage).toEqual({
      prompt_tokens: 15,
      completion_tokens: 20,
      total_tokens: 35,
      prompt_tokens_details,
    });
  });

  it("write 16 tokens when nothing is said, and stream", async () => {
    const request = { model: "small", prompt: "The sea", temperature: 0 };
    const { usage, choices } = await client.completions.create(request);
    expect(usage?.completion_tokens).toBe(16);
    let text = "";
    for await (const chunk of await client.completions.create({ ...request, stream: true })) {
      text += chunk.choices[0].text;
    }
    expect(text).toBe(choices[0].text);
  });

  it("report log-probabilities with offsets", async () => {
    const request = { model: "small", prompt: "The sea", temperature: 0, max_tokens: 6, logprobs: 2 };
    const [{ logprobs, text }] = (await client.completions.create(request)).choices;
    const { tokens, token_logprobs, top_logprobs, text_offset } = logprobs!;
    expect(tokens).toHaveLength(6);
    for (const [i, token] of tokens!.entries()) {
      expect(Object.keys(top_logprobs![i])).toHaveLength(2);
      expect(top_logprobs![i][token]).toBe(token_logprobs![i]);
      expect(token_logprobs![i]).toBe(Math.max(...Object.values(top_logprobs![i])));
      if (!token.startsWith("bytes:"))
        expect([...text].slice(text_offset![i]).join("").startsWith(token)).toBe(true);
    }
  });

  it("score the prompt as evaluation harnesses ask for it", async () => {
    const prompt = "The sea é";
    const request = { model: "small", prompt, temperature: 0, max_tokens: 1, logprobs: 1, echo: true };
    const [{ logprobs, text }] = (await client.completions.create(request)).choices;
    const { tokens, token_logprobs, top_logprobs, text_offset } = logprobs!;
    const length = smallModel().tokenizer!.encode(prompt).length;
    expect(text.startsWith(prompt)).toBe(true);
    expect([tokens, token_logprobs, top_logprobs, text_offset].map((list) => list!.length)).toEqual(
      Array(4).fill(length + 1),
    );
    expect([token_logprobs![0], top_logprobs![0]]).toEqual([null, null]);
    expect(text_offset!.slice(0, 4)).toEqual([0, 1, 2, 3]);
    for (const [i, logprob] of token_logprobs!.entries()) {
      if (i > 0) expect(logprob).toBeLessThanOrEqual(Math.max(...Object.values(top_logprobs![i])));
    }
    const scored = { ...request, prompt: [...smallModel().tokenizer!.encode(prompt)], max_tokens: 0 };
    const [alone] = (await client.completions.create(scored)).choices;
    expect([alone.text, alone.finish_reason]).toEqual([prompt, "length"]);
    expect(alone.logprobs!.token_logprobs).toEqual(token_logprobs!.slice(0, -1));
    let streamed = "";
    for await (const { choices } of await client.completions.create({ ...request, stream: true })) {
      streamed += choices[0].text;
    }
    expect(streamed).toBe(text);
  });

  it("are JSON where a schema asks for it, whichever way clients write that", async () => {
    const schema = {
      type: "object",
      properties: { n: { enum: [1, 2] } },
      required: ["n"],
      additionalProperties: false,
    };
    const formats = [
      { type: "json_object", schema },
      { type: "json_schema", json_schema: { name: "n", schema } },
    ];
    for (const response_format of formats) {
      const asked = { model: "small", prompt: "{", max_tokens: 30, response_format };
      const { choices } = await client.completions.create(asked as OpenAI.CompletionCreateParamsNonStreaming);
      expect([1, 2]).toContain(JSON.parse(choices[0].text).n);
    }
    const wrong = {
      model: "small",
      prompt: "",
      response_format: { type: "json_object", schema: { type: "x" } },
    };
    const refused = client.completions.create(wrong as OpenAI.CompletionCreateParamsNonStreaming);
    await expect(refused).rejects.toMatchObject({ status: 400, param: "response_format" });
  });

  it("of nothing start a new text", async () => {
    const { choices } = await client.completions.create({ model: "small", prompt: "", temperature: 0 });
    const { text } = await written("", { maxTokens: 16, temperature: 0 });
    expect(choices[0].text).toBe(text);
  });
});

describe("embeddings", () => {
  it("come as base64 and as numbers, the same", async () => {
    const input = ["a whale", "a ship", "a whale"];
    const packed = await client.embeddings.create({ model: "small", input });
    const plain = await client.embeddings.create({ model: "small", input, encoding_format: "float" });
    expect(plain.data.map(({ index }) => index)).toEqual([0, 1, 2]);
    for (const [i, { embedding }] of plain.data.entries()) {
      expect(embedding).toHaveLength(16);
      expect([...packed.data[i].embedding]).toEqual(embedding);
    }
    expect(plain.data[0].embedding).toEqual(plain.data[2].embedding);
    expect(plain.data[0].embedding).not.toEqual(plain.data[1].embedding);
    expect(plain.usage).toEqual({ prompt_tokens: 20, total_tokens: 20 });
    const ids = [...smallModel().tokenizer!.encode("a whale")];
    const ofIds = await client.embeddings.create({ model: "small", input: ids, encoding_format: "float" });
    expect(ofIds.data[0].embedding).toEqual(plain.data[0].embedding);
  });
});

describe("models", () => {
  it("are listed and described", async () => {
    const { data } = await client.models.list();
    expect(data).toEqual([{ id: "small", object: "model", created: 1_700_000_000, owned_by: "autodidact" }]);
    expect(await client.models.retrieve("small")).toEqual(data[0]);
    await expect(client.models.retrieve("large")).rejects.toThrow(NotFoundError);
  });
});

describe("errors of the client's own classes", () => {
  it("for a wrong key, an unknown model, a wrong field", async () => {
    const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "wrong", maxRetries: 0 });
    await expect(stranger.models.list()).rejects.toThrow(AuthenticationError);
    const ask = (change: object) =>
      client.chat.completions.create({ model: "small", messages, max_tokens: 1, ...change });
    await expect(ask({ model: "large" })).rejects.toThrow(NotFoundError);
    const refused = await ask({ temperature: 3 }).catch((error) => error);
    expect(refused).toBeInstanceOf(BadRequestError);
    expect(refused).toMatchObject({ status: 400, param: "temperature", type: "invalid_request_error" });
    const long = await ask({ messages: [{ role: "user", content: "x".repeat(250) }] }).catch(
      (error) => error,
    );
    expect(long).toBeInstanceOf(BadRequestError);
    expect(long.code).toBe("context_length_exceeded");
    expect(long.message).toMatch(/the prompt has 2\d\d tokens, the context is 256/);
  });

  it("for a schema that cannot be expressed", async () => {
    const response_format = {
      type: "json_schema" as const,
      json_schema: { name: "x", schema: { type: "no such type" } },
    };
    for (const stream of [false, true]) {
      const refused = await client.chat.completions
        .create({ model: "small", messages, response_format, stream })
        .catch((error) => error);
      expect(refused).toBeInstanceOf(BadRequestError);
      expect(refused.param).toBe("response_format");
    }
  });

  it("for a full server, which serves those that it took", async () => {
    // Answers wait for the test, so that the server is full however fast it is.
    const engine = new ScriptedEngine();
    engine.hold();
    const limits = { ...defaults.limits, maxConcurrent: 4, maxQueue: 8 };
    const { url } = await start(engine, { limits });
    const busy = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
    const ask = (seed: number) => busy.chat.completions.create({ model: "tiny", messages, seed });
    const taken = Array.from({ length: 12 }, (_, seed) => ask(seed));
    await untilMetric(url, "autodidact_answers_queued 8");
    const refused = await ask(12).catch((error) => error);
    expect(refused).toBeInstanceOf(RateLimitError);
    expect(refused.headers.get("retry-after")).toBe("1");
    engine.release();
    for (const { choices } of await Promise.all(taken)) expect(choices[0].message.content).not.toBe("");
  });
});

describe("a client that goes away", () => {
  it("in the middle of a stream stops the model", async () => {
    const stream = await client.chat.completions.create({
      ...{ model: "small", messages, stream: true, n: 4, seed: 1 },
    });
    let count = 0;
    for await (const _ of stream) if (++count === 8) break; // the client aborts when its loop is left
    await until(() => server.engine.load().active === 0);
    expect(server.engine.load().waiting).toBe(0);
  });

  it("before the answer stops the model", async () => {
    const leaving = new AbortController();
    const asked = client.chat.completions.create(
      { model: "small", messages, n: 4 },
      { signal: leaving.signal },
    );
    await until(() => server.engine.load().active + server.engine.load().waiting === 4);
    leaving.abort();
    await expect(asked).rejects.toThrow(APIUserAbortError);
    await until(() => server.engine.load().active + server.engine.load().waiting === 0);
  });
});
