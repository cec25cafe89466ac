/** Templates with tools write what Hugging Face Transformers writes: goldens of make_tool_goldens.py. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { type ChatMessage, type ChatTool, chatTemplate } from "../../src/features/chat/chat-template.js";
import type { PublishedTemplate } from "../chat-templates.js";
import { llama32Tools, qwen3Tools, qwen25Tools, smolLm3Tools } from "../tool-templates.js";

interface Goldens {
  readonly tool: ChatTool;
  readonly messages: readonly ChatMessage[];
  readonly rendered: Readonly<Record<string, string>>;
}

const path = new URL("./goldens/tool-templates.json", import.meta.url);
const { tool, messages, rendered }: Goldens = JSON.parse(readFileSync(path, "utf8"));

it.each<[string, PublishedTemplate]>([
  ["qwen2.5", qwen25Tools],
  ["qwen3", qwen3Tools],
  ["llama-3.2", llama32Tools],
  ["smollm3", smolLm3Tools],
])("%s", (name, { source, tokens }) => {
  const template = chatTemplate({ config: { ...tokens, chat_template: source } });
  const now = new Date(2026, 0, 5, 12);
  expect(template.render(messages, { addGenerationPrompt: true, tools: [tool], now })).toBe(rendered[name]);
});
