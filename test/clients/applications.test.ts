/** Tools and responses as applications ask for them: the AI SDK with OpenAI's own provider, and LangChain. */
import { createOpenAI } from "@ai-sdk/openai";
import { HumanMessage, type ToolMessage } from "@langchain/core/messages";
import { tool as langChainTool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { serveTools } from "../serving/tool-server.js";
import { llama32Tools, qwen3Tools, qwen25Tools, smolLm3Tools } from "../tool-templates.js";

const call = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris", "days": 2}}\n</tool_call>';
const bare = '{"name": "get_weather", "parameters": {"city": "Paris", "days": 2}}';
const schema = z.object({ city: z.string(), days: z.number().int().min(1) });

const speaks = (written: string) => (prompt: string) => (prompt.includes("12 degrees") ? "Mild." : written);

describe.each([
  ["Qwen2.5", qwen25Tools, call],
  ["Qwen3", qwen3Tools, call],
  ["Llama 3.2", llama32Tools, bare],
  ["SmolLM3", smolLm3Tools, call],
] as const)("the AI SDK with a model like %s", (_, template, written) => {
  const models = async () => {
    const { url, engine } = await serveTools(template, speaks(written));
    const openai = createOpenAI({ baseURL: `${url}/v1`, apiKey: "none" });
    return { openai, engine };
  };
  const seen: unknown[] = [];
  const tools = {
    get_weather: tool({
      description: "The weather of a city",
      inputSchema: schema,
      execute: async (input) => {
        seen.push(input);
        return "12 degrees";
      },
    }),
  };

  it.each(["responses", "chat"] as const)("calls tools and goes on, by %s", async (api) => {
    seen.length = 0;
    const { openai, engine } = await models();
    const asked = {
      ...{ model: openai[api]("tiny"), tools, stopWhen: stepCountIs(3), maxRetries: 0 },
      ...{ system: "Be brief.", prompt: "How is Paris?", maxOutputTokens: 300 },
    };
    const { text, steps, finishReason } = await generateText(asked);
    expect([text, finishReason, steps.length]).toEqual(["Mild.", "stop", 2]);
    expect(steps[0].finishReason).toBe("tool-calls");
    expect(seen).toEqual([{ city: "Paris", days: 2 }]);
    const prompts = engine.prompts.splice(0);
    const streamed = streamText(asked);
    const parts: string[] = [];
    for await (const part of streamed.fullStream) parts.push(part.type);
    expect(await streamed.text).toBe("Mild.");
    expect(seen).toHaveLength(2);
    expect(parts).toContain("tool-input-start");
    expect(parts.filter((type) => type === "tool-input-delta").length).toBeGreaterThan(5);
    expect(parts).not.toContain("error");
    expect(engine.prompts).toEqual(prompts);
  });

  it("is made to call, and gets objects that keep to a schema", async () => {
    const { openai } = await models();
    const { toolCalls } = await generateText({
      ...{ model: openai("tiny"), tools: { get_weather: tool({ inputSchema: schema }) }, maxRetries: 0 },
      ...{ prompt: "Talk.", toolChoice: "required", maxOutputTokens: 300 },
    });
    expect(schema.parse(toolCalls[0].input)).toEqual(toolCalls[0].input);
    const { object } = await generateObject({
      ...{ model: openai("tiny"), prompt: "A size?", maxRetries: 0, maxOutputTokens: 300 },
      schema: z.object({ size: z.enum(["small", "large"]) }),
    });
    expect(["small", "large"]).toContain(object.size);
  });
});

describe("LangChain", () => {
  const model = async (useResponsesApi: boolean) => {
    const { url } = await serveTools(qwen25Tools, speaks(call));
    return new ChatOpenAI({
      ...{ model: "tiny", apiKey: "none", maxRetries: 0, maxTokens: 300, useResponsesApi },
      configuration: { baseURL: `${url}/v1` },
    });
  };
  const weather = langChainTool(async ({ city }) => `${city}: 12 degrees`, {
    ...{ name: "get_weather", description: "The weather of a city", schema },
  });

  it.each([false, true])("calls tools and goes on; by responses: %s", async (useResponsesApi) => {
    const bound = (await model(useResponsesApi)).bindTools([weather]);
    const question = new HumanMessage("How is Paris?");
    const asked = await bound.invoke([question]);
    expect(asked.tool_calls).toEqual([
      expect.objectContaining({ name: "get_weather", args: { city: "Paris", days: 2 } }),
    ]);
    const result: ToolMessage = await weather.invoke({ ...asked.tool_calls![0], type: "tool_call" });
    expect(result.content).toBe("Paris: 12 degrees");
    const answer = await bound.invoke([question, asked, result]);
    expect(answer.text).toBe("Mild.");
  });

  it.each([false, true])("streams tool calls; by responses: %s", async (useResponsesApi) => {
    const bound = (await model(useResponsesApi)).bindTools([weather]);
    let whole: Awaited<ReturnType<typeof bound.invoke>> | undefined;
    let chunks = 0;
    for await (const chunk of await bound.stream("How is Paris?")) {
      whole = whole === undefined ? chunk : whole.concat(chunk);
      chunks++;
    }
    expect(chunks).toBeGreaterThan(5);
    expect(whole?.tool_calls?.map(({ name, args }) => [name, args])).toEqual([
      ["get_weather", { city: "Paris", days: 2 }],
    ]);
  });

  it.each(["functionCalling", "jsonSchema"] as const)("gives objects, by %s", async (method) => {
    const structured = (await model(false)).withStructuredOutput(schema, { method });
    const object = await structured.invoke("Where, and how long?");
    expect(schema.parse(object)).toEqual(object);
  });
});
