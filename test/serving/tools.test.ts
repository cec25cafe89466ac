/** Calls of functions through OpenAI's client, with the templates of published models. */
import OpenAI, { BadRequestError } from "openai";
import { describe, expect, it, onTestFinished } from "vitest";
import { llama3, type PublishedTemplate } from "../chat-templates.js";
import { llama32Tools, qwen3Tools, qwen25Tools, smolLm3Tools } from "../tool-templates.js";
import { serveSmallModel, smallModel } from "./small-model.js";
import { serveTools, tokenizerOf } from "./tool-server.js";

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming;

const weather: OpenAI.ChatCompletionFunctionTool = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather of a city",
    parameters: {
      type: "object",
      properties: { city: { type: "string" }, days: { type: "integer", minimum: 1, maximum: 9 } },
      required: ["city", "days"],
      additionalProperties: false,
    },
  },
};
const time: OpenAI.ChatCompletionFunctionTool = { type: "function", function: { name: "get_time" } };
const question = { role: "user" as const, content: "How is the weather in Paris?" };
const paris = '{"city": "Paris \\"}}\\" é", "days": 2}';
const tagged = (name: string, args: string) =>
  `<tool_call>\n{"name": "${name}", "arguments": ${args}}\n</tool_call>`;
const bare = (name: string, args: string) => `{"name": "${name}", "parameters": ${args}}`;

async function client(template: PublishedTemplate, answer: (prompt: string) => string) {
  const { url, engine } = await serveTools(template, answer);
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
  const ask = (change: Partial<Params> = {}) =>
    openai.chat.completions.create({
      ...{ model: "tiny", messages: [question], tools: [weather, time], max_tokens: 300, ...change },
    });
  return { openai, engine, ask };
}

const calls = ({ choices }: OpenAI.ChatCompletion) =>
  (choices[0].message.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[]) ?? [];

describe.each<[string, PublishedTemplate, (name: string, args: string) => string]>([
  ["Qwen2.5", qwen25Tools, tagged],
  ["Qwen3", qwen3Tools, tagged],
  ["Llama 3.2", llama32Tools, bare],
  ["SmolLM3", smolLm3Tools, tagged],
])("%s", (_, template, written) => {
  it("calls a function, is told the answer, and speaks", async () => {
    const { ask, engine } = await client(template, (prompt) =>
      prompt.includes("rain, 12") ? "It rains." : written("get_weather", paris),
    );
    const asked = await ask();
    const [choice] = asked.choices;
    expect(choice).toMatchObject({ finish_reason: "tool_calls", message: { content: null } });
    const [call] = calls(asked);
    expect(call).toEqual({
      id: expect.stringMatching(/^call_[\da-f]{24}$/),
      type: "function",
      function: { name: "get_weather", arguments: paris },
    });
    const answered = await ask({
      messages: [
        question,
        choice.message,
        { role: "tool", tool_call_id: call.id, content: "rain, 12 degrees" },
      ],
    });
    expect(answered.choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { role: "assistant", content: "It rains." },
    });
    expect(engine.prompts[0]).toContain("The weather of a city");
    expect(engine.prompts[1]).toContain('"get_weather", ');
    expect(engine.prompts[1]).toContain("rain, 12 degrees");
  });

  it("speaks where it does not call, and is told of no tools where it must not", async () => {
    const { ask, engine } = await client(template, () => "Fine, <tool> {1}.\n");
    const free = await ask();
    expect(free.choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { content: "Fine, <tool> {1}.\n", refusal: null },
    });
    expect(calls(free)).toEqual([]);
    await ask({ tool_choice: "none" });
    expect(engine.prompts[1]).not.toContain("get_weather");
  });

  it("has to call where it is required, and the function that is named", async () => {
    const { ask } = await client(template, () => "I would rather talk.");
    const required = await ask({ tool_choice: "required" });
    expect(required.choices[0].finish_reason).toBe("tool_calls");
    const [call] = calls(required);
    expect(["get_weather", "get_time"]).toContain(call.function.name);
    const named = await ask({ tool_choice: { type: "function", function: { name: "get_time" } } });
    expect(calls(named).map((one) => one.function.name)).toEqual(["get_time"]);
    expect(JSON.parse(calls(named)[0].function.arguments)).toEqual({});
    const other = await ask({ tool_choice: { type: "function", function: { name: "get_weather" } } });
    const { city, days } = JSON.parse(calls(other)[0].function.arguments);
    expect(typeof city).toBe("string");
    expect(days).toBeGreaterThanOrEqual(1);
  });

  it("streams a call: first its name, then its arguments in pieces", async () => {
    const { openai } = await client(template, () => written("get_weather", paris));
    const stream = await openai.chat.completions.create({
      ...{ model: "tiny", messages: [question], tools: [weather, time], stream: true, max_tokens: 300 },
    });
    const deltas: OpenAI.ChatCompletionChunk.Choice.Delta[] = [];
    let reason: string | null = null;
    for await (const { choices } of stream) {
      deltas.push(choices[0].delta);
      reason ??= choices[0].finish_reason;
    }
    const pieces = deltas.flatMap(({ tool_calls = [] }) => tool_calls);
    expect(pieces[0]).toMatchObject({ index: 0, type: "function", function: { name: "get_weather" } });
    expect(pieces[0].id).toMatch(/^call_/);
    expect(pieces.length).toBeGreaterThan(10);
    for (const { index, id, function: piece } of pieces.slice(1)) {
      expect([index, id, piece?.name]).toEqual([0, undefined, undefined]);
    }
    expect(pieces.map((piece) => piece.function?.arguments).join("")).toBe(paris);
    expect(deltas.map(({ content }) => content ?? "").join("")).toBe("");
    expect(reason).toBe("tool_calls");
  });

  it("keeps arguments valid when the model would not", async () => {
    const { ask } = await client(template, () => written("get_weather", '{"city": 7, "days": "many"}'));
    const [call] = calls(await ask());
    const { city, days } = JSON.parse(call.function.arguments);
    expect(typeof city).toBe("string");
    expect(Number.isInteger(days)).toBe(true);
  });
});

describe("several calls", () => {
  const both = `Let me see.\n${tagged("get_weather", paris)}\n${tagged("get_time", "{}")}`;

  it("come in one answer, with what is said before", async () => {
    const { ask, openai } = await client(qwen25Tools, () => both);
    const answer = await ask();
    expect(answer.choices[0].message.content).toBe("Let me see.");
    expect(calls(answer).map((call) => call.function)).toEqual([
      { name: "get_weather", arguments: paris },
      { name: "get_time", arguments: "{}" },
    ]);
    const runner = openai.chat.completions.stream({
      ...{ model: "tiny", messages: [question], tools: [weather, time], max_tokens: 300 },
    });
    const whole = await runner.finalChatCompletion();
    expect(whole.choices[0].message.content).toBe("Let me see.");
    expect(calls(whole).map((call) => call.function.arguments)).toEqual([paris, "{}"]);
  });

  it("come one at a time where parallel calls are off", async () => {
    const { ask } = await client(qwen25Tools, () => both);
    const answer = await ask({ parallel_tool_calls: false });
    expect(calls(answer).map((call) => call.function.name)).toEqual(["get_weather"]);
    expect(answer.choices[0].finish_reason).toBe("tool_calls");
  });
});

describe("stop strings", () => {
  it.each<[string, PublishedTemplate, (name: string, args: string) => string]>([
    ["Qwen2.5", qwen25Tools, tagged],
    ["Llama 3.2", llama32Tools, bare],
  ])("end what is said and no call, with the template of %s", async (_, template, written) => {
    const { ask } = await client(template, () => written("get_weather", paris));
    for (const choice of ["auto", "required"] as const) {
      const answer = await ask({ stop: ["Paris", "}", "</tool_call>"], tool_choice: choice });
      expect(answer.choices[0].finish_reason).toBe("tool_calls");
      const [{ function: called }] = calls(answer);
      if (choice === "auto") expect(called).toEqual({ name: "get_weather", arguments: paris });
      else expect(typeof JSON.parse(called.arguments)).toBe("object");
    }
    const spoken = await client(template, () => "It rains in Paris today.");
    const [said] = (await spoken.ask({ stop: "Paris" })).choices;
    expect(said).toMatchObject({ finish_reason: "stop", message: { content: "It rains in " } });
  });
});

describe("what looks like a call and is none", () => {
  it("stays text", async () => {
    const json = '{"name": "Anna", "age": 7}';
    const { ask } = await client(llama32Tools, () => json);
    expect((await ask()).choices[0]).toMatchObject({ finish_reason: "stop", message: { content: json } });
  });
});

describe("the runner of OpenAI's client", () => {
  it("calls functions of the program until the model speaks", async () => {
    const { openai } = await client(qwen3Tools, (prompt) =>
      prompt.includes("12 degrees") ? "Mild." : tagged("get_weather", paris),
    );
    const seen: unknown[] = [];
    const runner = openai.chat.completions.runTools({
      ...{ model: "tiny", messages: [question], max_tokens: 300 },
      tools: [
        {
          type: "function",
          function: {
            name: "get_weather",
            description: "The weather of a city",
            parameters: weather.function.parameters as never,
            parse: (text: string) => JSON.parse(text),
            function: (args: unknown) => {
              seen.push(args);
              return "12 degrees";
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe("Mild.");
    expect(seen).toEqual([JSON.parse(paris)]);
  });
});

it("lets the user speak behind a tool's answer", async () => {
  const { ask, engine } = await client(qwen25Tools, () => "Rain.");
  const call = { id: "a", type: "function" as const, function: { name: "get_time", arguments: "{}" } };
  const messages: Params["messages"] = [
    question,
    { role: "assistant", tool_calls: [call] },
    { role: "tool", tool_call_id: "a", content: "12" },
    { role: "user", content: "And the weather?" },
  ];
  expect((await ask({ messages })).choices[0].message.content).toBe("Rain.");
  expect(engine.prompts[0]).toContain("12\n</tool_response><|im_end|>\n<|im_start|>user\nAnd the weather?<");
});

describe("a model of random weights in its thread", () => {
  it.each<[string, PublishedTemplate]>([
    ["Qwen2.5", qwen25Tools],
    ["Llama 3.2", llama32Tools],
  ])("calls as it must, with the template of %s", async (_, template) => {
    const server = await serveSmallModel(undefined, smallModel(tokenizerOf(template), 2048));
    onTestFinished(() => server.close());
    const openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
    const mode = { type: "string" as const, enum: ["fast", "slow"] };
    const parameters = {
      type: "object",
      properties: { mode },
      required: ["mode"],
      additionalProperties: false,
    };
    const tools = [{ type: "function" as const, function: { name: "run", parameters } }, time];
    const asked = { model: "small", messages: [question], tools, tool_choice: "required" as const };
    for (const seed of [1, 2, 3]) {
      const answer = await openai.chat.completions.create({ ...asked, seed, temperature: 1 });
      expect(answer.choices[0].finish_reason).toBe("tool_calls");
      const [{ function: called }] = calls(answer);
      const given = JSON.parse(called.arguments);
      if (called.name === "run") expect(["fast", "slow"]).toContain(given.mode);
      else expect(given).toEqual({});
    }
  });
});

describe("schemas", () => {
  const withParameters = (parameters: object, strict = false): OpenAI.ChatCompletionFunctionTool => ({
    type: "function",
    function: { name: "get_weather", strict, parameters: parameters as Record<string, unknown> },
  });

  it("may refer to their own parts", async () => {
    const { ask } = await client(qwen25Tools, () => tagged("get_weather", '{"place": {"in": {"in": 1}}}'));
    const place = { type: "object", properties: { in: { $ref: "#/$defs/place" } } };
    const parameters = {
      ...{ type: "object", $defs: { place }, properties: { place: { $ref: "#/$defs/place" } } },
      ...{ required: ["place"], $schema: "http://json-schema.org/draft-07/schema#" },
    };
    const answer = await ask({ tools: [time, withParameters(parameters)] });
    const { place: written } = JSON.parse(calls(answer)[0].function.arguments);
    expect(Object.keys(written)).toEqual(["in"]);
    expect(typeof written.in).toBe("object"); // the 1 did not fit
  });

  it("that no grammar has are any object, and refused where they are strict", async () => {
    const odd = { type: "object", properties: { n: { type: "integer", multipleOf: 7 } } };
    const { ask } = await client(qwen25Tools, () => tagged("get_weather", '{"n": 21}'));
    const [call] = calls(await ask({ tools: [withParameters(odd)] }));
    expect(call.function.arguments).toBe('{"n": 21}');
    const refused = await ask({ tools: [withParameters(odd, true)] }).catch((error) => error);
    expect(refused).toBeInstanceOf(BadRequestError);
    expect(refused).toMatchObject({ param: "tools", message: expect.stringContaining("multipleOf") });
  });
});

describe("refusals", () => {
  it("of a model without tools, an unknown function, and tools beside other forms", async () => {
    const plain = await client(llama3, () => "Hi.");
    const refused = await plain.ask().catch((error) => error);
    expect(refused).toBeInstanceOf(BadRequestError);
    expect(refused).toMatchObject({ param: "tools", message: expect.stringContaining("has no tools") });
    const { ask } = await client(qwen25Tools, () => "Hi.");
    const wrong: [Partial<Params>, string][] = [
      [{ tool_choice: { type: "function", function: { name: "fly" } } }, "tool_choice"],
      [{ tools: [], tool_choice: "required" }, "tool_choice"],
      [{ response_format: { type: "json_object" } }, "response_format"],
      [{ logprobs: true }, "logprobs"],
    ];
    for (const [change, param] of wrong) {
      expect(await ask(change).catch((error) => error)).toMatchObject({ status: 400, param });
    }
  });

  it("of arguments that are nested too deeply to be written", async () => {
    const { ask } = await client(qwen25Tools, () => "Hi.");
    const nested = (levels: number) => `{"a": ${"[".repeat(levels)}${"]".repeat(levels)}}`;
    const messages = (levels: number): Params["messages"] => [
      question,
      {
        role: "assistant",
        tool_calls: [
          { id: "a", type: "function", function: { name: "get_time", arguments: nested(levels) } },
        ],
      },
      { role: "tool", tool_call_id: "a", content: "12" },
    ];
    expect((await ask({ messages: messages(60) })).choices[0].message.content).toBe("Hi.");
    expect(await ask({ messages: messages(6000) }).catch((error) => error)).toMatchObject({
      ...{ status: 400, param: "messages[1].tool_calls[0].function.arguments" },
      message: expect.stringContaining("at most 64 levels"),
    });
  });

  it("of several calls in a conversation, where the template takes one", async () => {
    const { ask } = await client(llama32Tools, () => "Hi.");
    const call = { id: "a", type: "function" as const, function: { name: "get_time", arguments: "{}" } };
    const messages: Params["messages"] = [
      question,
      { role: "assistant", tool_calls: [call, { ...call, id: "b" }] },
      { role: "tool", tool_call_id: "a", content: "12" },
      { role: "tool", tool_call_id: "b", content: "13" },
    ];
    expect(await ask({ messages }).catch((error) => error)).toMatchObject({
      ...{ status: 400, param: "messages", message: expect.stringContaining("single tool-calls") },
    });
  });
});
