/** The Responses API through OpenAI's client. */
import OpenAI, { BadRequestError } from "openai";
import { describe, expect, it, onTestFinished } from "vitest";
import { qwen25Tools } from "../tool-templates.js";
import { ScriptedEngine } from "./scripted-engine.js";
import { serveSmallModel } from "./small-model.js";
import { start } from "./start.js";
import { serveTools } from "./tool-server.js";

type Params = OpenAI.Responses.ResponseCreateParamsNonStreaming;

const weather: OpenAI.Responses.FunctionTool = {
  ...{ type: "function", name: "get_weather", description: "The weather of a city", strict: true },
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
};
const call =
  'One moment.\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>';

async function client(answer: (prompt: string) => string) {
  const { url, engine } = await serveTools(qwen25Tools, answer);
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
  const ask = (change: Partial<Params> = {}) =>
    openai.responses.create({ model: "tiny", input: "Hi", ...change });
  return { openai, engine, ask };
}

describe("a response", () => {
  it("is a message, with what it was asked for", async () => {
    const { ask, engine } = await client(() => "Hello.");
    const answer = await ask({ instructions: "Be brief.", metadata: { a: "b" }, temperature: 0.5 });
    expect(answer.output_text).toBe("Hello.");
    expect(answer).toMatchObject({
      ...{ object: "response", status: "completed", error: null, incomplete_details: null, model: "tiny" },
      ...{
        instructions: "Be brief.",
        metadata: { a: "b" },
        temperature: 0.5,
        tools: [],
        tool_choice: "auto",
      },
      output: [{ type: "message", role: "assistant", status: "completed" }],
      usage: { output_tokens: 6, input_tokens_details: { cached_tokens: 0 } },
    });
    expect(answer.usage!.total_tokens).toBe(answer.usage!.input_tokens + 6);
    expect(engine.prompts[0]).toBe(
      "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    );
  });

  it("is incomplete where its tokens do not suffice", async () => {
    const { ask } = await client(() => "Hello.");
    expect(await ask({ max_output_tokens: 3 })).toMatchObject({
      ...{ status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, output_text: "Hel" },
      output: [{ status: "incomplete" }],
    });
  });

  it("is JSON where a schema asks for it", async () => {
    const { ask } = await client(() => '{"size": 12}');
    const schema = { type: "object", properties: { size: { enum: ["small", "large"] } }, required: ["size"] };
    const answer = await ask({
      text: { format: { type: "json_schema", name: "whale", schema, strict: true } },
    });
    expect(["small", "large"]).toContain(JSON.parse(answer.output_text).size);
  });
});

describe("a conversation", () => {
  it("goes on from the response before it, while the server knows it", async () => {
    const { ask, engine } = await client((prompt) => (prompt.includes("Anna") ? "Anna!" : "Hello."));
    const first = await ask({ input: "I am Anna.", instructions: "Be brief." });
    const second = await ask({ input: "Who am I?", previous_response_id: first.id });
    expect(second).toMatchObject({ output_text: "Anna!", previous_response_id: first.id });
    expect(engine.prompts[1]).toContain("I am Anna.<|im_end|>\n<|im_start|>assistant\nAnna!<|im_end|>");
    expect(engine.prompts[1]).not.toContain("Be brief."); // instructions are those of one request
    const unkept = await ask({ store: false });
    for (const id of [unkept.id, "resp_unknown"]) {
      const refused = await ask({ previous_response_id: id }).catch((error) => error);
      expect(refused).toBeInstanceOf(BadRequestError);
      expect(refused).toMatchObject({ code: "previous_response_not_found", param: "previous_response_id" });
    }
  });

  it("goes on without a call that broke off", async () => {
    const { ask, engine } = await client(() => call);
    const cut = await ask({ tools: [weather], max_output_tokens: call.length - 20 });
    expect(cut.output.map(({ type }) => type)).toEqual(["message", "function_call"]);
    await ask({ tools: [weather], input: "Well?", previous_response_id: cut.id });
    expect(engine.prompts[1]).toContain(
      "<|im_start|>assistant\nOne moment.<|im_end|>\n<|im_start|>user\nWell?<|im_end|>",
    );
  });

  it("is items of every kind, and references to earlier ones", async () => {
    const { ask, engine } = await client((prompt) => (prompt.includes("rain") ? "It rains." : call));
    const asked = await ask({ input: "How is Paris?", tools: [weather] });
    const [said, called] = asked.output;
    expect(said).toMatchObject({ type: "message", content: [{ text: "One moment." }] });
    expect(called).toMatchObject({
      type: "function_call",
      name: "get_weather",
      arguments: '{"city": "Paris"}',
    });
    const { call_id } = called as OpenAI.Responses.ResponseFunctionToolCall;
    const output = { type: "function_call_output" as const, call_id, output: "rain" };
    const whole: OpenAI.Responses.ResponseInput = [
      { role: "developer", content: "Be kind." },
      { role: "user", content: [{ type: "input_text", text: "How is Paris?" }] },
      ...(asked.output as OpenAI.Responses.ResponseInputItem[]),
      output,
    ];
    const references: OpenAI.Responses.ResponseInput = asked.output.map((item) => ({
      type: "item_reference",
      id: (item as { id: string }).id,
    }));
    const answers = [
      await ask({ input: whole, tools: [weather] }),
      await ask({ input: [...whole.slice(0, 2), ...references, output], tools: [weather] }),
      await ask({ input: [output], previous_response_id: asked.id, tools: [weather] }),
    ];
    expect(answers.map((answer) => answer.output_text)).toEqual(Array(3).fill("It rains."));
    expect(engine.prompts[2]).toBe(engine.prompts[1]);
    const turns =
      'assistant\nOne moment.\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n';
    expect(engine.prompts[1]).toContain(turns);
    expect(engine.prompts[1]).toContain("<tool_response>\nrain\n</tool_response>");
    expect(engine.prompts[1]).toContain("system\nBe kind.\n\n# Tools");
  });
});

describe("a conversation as clients have it", () => {
  it("goes on from an empty answer", async () => {
    const { ask, engine } = await client((prompt) => (prompt.includes("there?") ? "Yes." : ""));
    const first = await ask();
    expect(first.output_text).toBe("");
    const second = await ask({ input: "Are you there?", previous_response_id: first.id });
    const third = await ask({ input: "Good.", previous_response_id: second.id });
    expect([second.output_text, third.output_text]).toEqual(["Yes.", "Yes."]);
    expect(engine.prompts[2]).toContain(
      "user\nHi\n\nAre you there?<|im_end|>\n<|im_start|>assistant\nYes.<|im_end|>\n<|im_start|>user\nGood.",
    );
  });

  it("has the user speak behind a tool's answer, and several times, and a developer later on", async () => {
    const { ask, engine } = await client(() => call);
    const asked = await ask({ input: "How is Paris?", tools: [weather] });
    const { call_id } = asked.output[1] as OpenAI.Responses.ResponseFunctionToolCall;
    await ask({
      previous_response_id: asked.id,
      input: [
        { type: "function_call_output", call_id, output: "rain" },
        { role: "user", content: "And Rome?" },
        { role: "developer", content: "Be brief." },
        { role: "user", content: "And Nice?" },
      ],
      tools: [weather],
    });
    expect(engine.prompts[1]).toContain("system\nBe brief.\n\n# Tools");
    expect(engine.prompts[1]).toContain(
      "rain\n</tool_response><|im_end|>\n<|im_start|>user\nAnd Rome?\n\nAnd Nice?<",
    );
  });
});

it("gives nobody by reference what a client sent", async () => {
  const { ask } = await client(() => "Hello.");
  const secret = { type: "message", id: "msg_1", role: "user", content: "My secret." };
  await ask({ input: [secret] as OpenAI.Responses.ResponseInput });
  const refused = await ask({ input: [{ type: "item_reference", id: "msg_1" }] }).catch((error) => error);
  expect(refused).toBeInstanceOf(BadRequestError);
  expect(refused).toMatchObject({ code: "item_not_found", param: "input" });
});

it("refuses a thousand references to one item before it reads them all", async () => {
  const { ask } = await client(() => "word ".repeat(100));
  const [{ id }] = (await ask()).output as OpenAI.Responses.ResponseOutputMessage[];
  const input = Array.from({ length: 1000 }, () => ({ type: "item_reference" as const, id }));
  const refused = await ask({ input }).catch((error) => error);
  expect(refused).toMatchObject({ code: "context_length_exceeded", param: "input" });
  // The context is 8,192; all that they stand for would be some 500,000 characters.
  expect(Number(/at least (\d+)/.exec(refused.message)![1])).toBeLessThan(8192 + 500);
});

describe("a stream", () => {
  it("has the events of a message and a call, in order", async () => {
    const { openai } = await client(() => call);
    const stream = openai.responses.stream({ model: "tiny", input: "Paris?", tools: [weather] });
    const types: string[] = [];
    const numbers: number[] = [];
    for await (const event of stream) {
      if (event.type === "response.created" || event.type === "response.in_progress") {
        expect(event.response).toMatchObject({ status: "in_progress", output: [], usage: null });
      }
      if (types.at(-1) !== event.type) types.push(event.type);
      numbers.push(event.sequence_number);
    }
    expect(types.map((type) => type.replace("response.", ""))).toEqual([
      ...["created", "in_progress", "output_item.added", "content_part.added"],
      ...["output_text.delta", "output_text.done", "content_part.done", "output_item.done"],
      ...["output_item.added", "function_call_arguments.delta", "function_call_arguments.done"],
      ...["output_item.done", "completed"],
    ]);
    expect(numbers).toEqual(numbers.map((_, i) => i));
    const { output, output_text, status } = await stream.finalResponse();
    expect([output_text, status]).toEqual(["One moment.", "completed"]);
    expect(output[1]).toMatchObject({ type: "function_call", arguments: '{"city": "Paris"}' });
  });

  it("ends with an error when the engine fails", async () => {
    const engine = new ScriptedEngine();
    engine.failure = { error: new Error("No."), afterFirst: true };
    const { url } = await start(engine, { onFault: () => {} });
    const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
    const stream = await openai.responses.create({
      ...{ model: "tiny", input: "a", max_output_tokens: 5, stream: true },
    });
    const reading = (async () => {
      for await (const _ of stream);
    })();
    await expect(reading).rejects.toThrow(/failed to answer/);
  });
});

it("is what a chat completion is, from the real engine", async () => {
  const server = await serveSmallModel();
  onTestFinished(() => server.close());
  const openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
  const chat = await openai.chat.completions.create({
    ...{ model: "small", temperature: 0, max_tokens: 20 },
    messages: [{ role: "user", content: "What is a whale?" }],
  });
  const response = await openai.responses.create({
    ...{ model: "small", temperature: 0, max_output_tokens: 20, input: "What is a whale?" },
  });
  expect(response.output_text).toBe(chat.choices[0].message.content);
  expect(response.usage).toMatchObject({
    input_tokens: chat.usage!.prompt_tokens,
    output_tokens: chat.usage!.completion_tokens,
  });
});

describe("refusals", () => {
  it.each<[string, object, string, RegExp]>([
    ["no input", { input: undefined }, "input", /nothing/],
    [
      "an image",
      { input: [{ role: "user", content: [{ type: "input_image" }] }] },
      "input[0].content[0].type",
      /text only/,
    ],
    ["a tool of the server's", { tools: [{ type: "web_search" }] }, "tools[0].type", /no tools of its own/],
    ["work in the background", { background: true }, "background", /give false/],
    ["a conversation of the server's", { conversation: "c" }, "conversation", /leave it out/],
    ["log-probabilities", { include: ["message.output_text.logprobs"] }, "include[0]", /no logprobs/],
    ["an unknown item", { input: [{ type: "item_reference", id: "x" }] }, "input", /does not know/],
    [
      "JSON beside tools",
      { tools: [weather], text: { format: { type: "json_object" } } },
      "text.format",
      /beside tools/,
    ],
  ])("%s", async (_, change, param, message) => {
    const { ask } = await client(() => "Hi.");
    const refused = await ask(change as Partial<Params>).catch((error) => error);
    expect(refused).toBeInstanceOf(BadRequestError);
    expect(refused.param).toBe(param);
    expect(refused.message).toMatch(message);
  });
});
