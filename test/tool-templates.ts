/** Chat templates with tools, as they are published: see `tool-templates/README.md`. */
import { readFileSync } from "node:fs";
import type { PublishedTemplate } from "./chat-templates.js";

const published = (name: string, tokens: PublishedTemplate["tokens"]): PublishedTemplate => ({
  tokens,
  source: readFileSync(new URL(`./tool-templates/${name}.jinja`, import.meta.url), "utf8"),
});

const chatMl = { bos_token: null, eos_token: "<|im_end|>" };

export const qwen25Tools = published("qwen2.5", chatMl);
export const qwen3Tools = published("qwen3", chatMl);
export const llama32Tools = published("llama-3.2", {
  bos_token: "<|begin_of_text|>",
  eos_token: "<|eot_id|>",
});
export const smolLm3Tools = published("smollm3", chatMl);
