import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  llama3,
  llama32,
  mistral,
  type PublishedTemplate,
  qwen3,
  qwen25,
  zephyr,
} from "../../../test/chat-templates.js";
import type { ChatMessage } from "../../data/chat/messages.js";
import { memoryFolder } from "../../files/memory.js";
import { byteTokenizer } from "../tokenizer/byte-tokenizer.js";
import { loadTokenizer, saveTokenizer } from "../tokenizer/load-tokenizer.js";
import { ChatError, type ChatTemplate, chatMl, chatTemplate } from "./chat-template.js";

const system: ChatMessage = { role: "system", content: "Be short." };
const user: ChatMessage = { role: "user", content: "Hi, 你好 " };
const assistant: ChatMessage = { role: "assistant", content: "Hello." };
const again: ChatMessage = { role: "user", content: "Bye" };

const from = (source: unknown, tokens: object = {}): ChatTemplate =>
  chatTemplate({ config: { ...tokens, chat_template: source } });
const published = ({ source, tokens }: PublishedTemplate) => from(source, tokens);

describe("known templates write what their models were trained on", () => {
  it("ChatML, where the tokenizer has none", () => {
    const template = chatTemplate(byteTokenizer());
    expect(template.source).toBe(chatMl);
    const text = "<|im_start|>user\nHi, 你好 <|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>\n";
    expect(template.render([user, assistant])).toBe(text);
    expect(template.render([system, user], { addGenerationPrompt: true })).toBe(
      "<|im_start|>system\nBe short.<|im_end|>\n<|im_start|>user\nHi, 你好 <|im_end|>\n<|im_start|>assistant\n",
    );
  });

  it("Llama 3", () => {
    expect(published(llama3).render([system, user, assistant])).toBe(
      "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe short.<|eot_id|>" +
        "<|start_header_id|>user<|end_header_id|>\n\nHi, 你好<|eot_id|>" +
        "<|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|>",
    );
    expect(published(llama3).render([user], { addGenerationPrompt: true })).toBe(
      "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi, 你好<|eot_id|>" +
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
    );
  });

  it("Llama 3.2, with the date", () => {
    const now = new Date(2025, 0, 5, 13, 4);
    expect(published(llama32).render([user], { now })).toBe(
      "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n" +
        "Today Date: 05 Jan 2025\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi, 你好<|eot_id|>",
    );
  });

  it("Qwen2.5, with its own system message and tool answers", () => {
    const tools: ChatMessage[] = [
      user,
      assistant,
      { role: "tool", content: "4" },
      { role: "tool", content: "5" },
    ];
    expect(published(qwen25).render(tools, { addGenerationPrompt: true })).toBe(
      "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n" +
        "<|im_start|>user\nHi, 你好 <|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>\n" +
        "<|im_start|>user\n<tool_response>\n4\n</tool_response>\n<tool_response>\n5\n</tool_response><|im_end|>\n" +
        "<|im_start|>assistant\n",
    );
  });

  it("Qwen3, with the thinking of the last answer only", () => {
    const thought: ChatMessage = { role: "assistant", content: "<think>\nGreet.\n</think>\n\nHello." };
    expect(published(qwen3).render([user, thought])).toBe(
      "<|im_start|>user\nHi, 你好 <|im_end|>\n<|im_start|>assistant\n<think>\nGreet.\n</think>\n\nHello.<|im_end|>\n",
    );
    expect(published(qwen3).render([user, thought, again], { addGenerationPrompt: true })).toBe(
      "<|im_start|>user\nHi, 你好 <|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>\n" +
        "<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n",
    );
  });

  it("Zephyr, whose end of text is an object in the config", () => {
    expect(published(zephyr).render([system, user], { addGenerationPrompt: true })).toBe(
      "<|system|>\nBe short.</s>\n<|user|>\nHi, 你好 </s>\n<|assistant|>\n",
    );
  });

  it("Mistral, which refuses what it was not trained on", () => {
    expect(published(mistral).render([user, assistant, again])).toBe(
      "<s>[INST] Hi, 你好  [/INST]Hello.</s>[INST] Bye [/INST]",
    );
    expect(() => published(mistral).render([system, user])).toThrow(ChatError);
    expect(() => published(mistral).render([system, user])).toThrow(
      /refuses the conversation[\s\S]*must alternate/,
    );
  });
});

describe("where the template comes from", () => {
  it("takes the default of several", () => {
    const list = [
      { name: "tool_use", template: "tools" },
      { name: "default", template: "plain" },
    ];
    expect(from(list).render([user])).toBe("plain");
    expect(() => from(list.slice(0, 1))).toThrow(/no default chat template[\s\S]*it has: tool_use/);
    for (const wrong of [7, {}, [], [null], [{ name: "default" }]]) {
      expect(() => from(wrong)).toThrow(ChatError);
    }
  });

  it("reads a file of its own before the config, and a saved tokenizer keeps it", async () => {
    const folder = memoryFolder();
    await saveTokenizer(byteTokenizer(), folder);
    await folder.write("tokenizer_config.json", JSON.stringify({ chat_template: "old" }));
    await folder.write("special_tokens_map.json", JSON.stringify({ bos_token: "<s>" }));
    await folder.write("chat_template.jinja", "{{ bos_token }}new");
    const loaded = await loadTokenizer(folder);
    expect(chatTemplate(loaded).render([user])).toBe("<s>new");
    await saveTokenizer(loaded, folder);
    expect(await folder.list("")).not.toContain("chat_template.jinja");
    const config = JSON.parse(new TextDecoder().decode(await folder.read("tokenizer_config.json")));
    expect(config.chat_template).toBe("{{ bos_token }}new");
    expect(chatTemplate(await loadTokenizer(folder)).render([user])).toBe("<s>new");
  });
});

it("reads the JSON file that older processors wrote, where there is no other template", async () => {
  const folder = memoryFolder();
  await saveTokenizer(byteTokenizer(), folder);
  await folder.write("chat_template.json", JSON.stringify({ chat_template: "older", eos_token: "x" }));
  const loaded = await loadTokenizer(folder);
  expect(chatTemplate(loaded).render([user])).toBe("older");
  await saveTokenizer(loaded, folder);
  expect(await folder.list("")).not.toContain("chat_template.json");
  expect(chatTemplate(await loadTokenizer(folder)).render([user])).toBe("older");
  await folder.write("chat_template.json", JSON.stringify({ chat_template: "another" }));
  expect(chatTemplate(await loadTokenizer(folder)).render([user])).toBe("older");
});

describe("the order of messages is the template's to judge", () => {
  const silent: ChatMessage = { role: "assistant", content: "" };
  it.each<[string, ChatMessage[]]>([
    ["two users in a row", [user, again]],
    ["a late system message", [user, system]],
    ["the assistant first", [assistant, user]],
    ["an assistant that was stopped before its first word", [user, silent, again]],
  ])("%s", (_, messages) => {
    const turns = messages.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`);
    expect(from(chatMl).render(messages)).toBe(turns.join(""));
    if (messages.includes(silent)) return;
    expect(() => published(mistral).render(messages)).toThrow(/refuses the conversation/);
  });
});

describe("variables of the caller", () => {
  const thinking =
    "{{ messages[0].content }}{% if enable_thinking is defined and enable_thinking is false %} at once{% endif %}";
  it("reach the template", () => {
    expect(from(thinking).render([user], { variables: { enable_thinking: false } })).toBe(
      `${user.content} at once`,
    );
    expect(from(thinking).render([user], { variables: { enable_thinking: true, other: {} } })).toBe(
      user.content,
    );
  });

  it.each(["messages", "tools", "add_generation_prompt", "raise_exception"])("are never %s", (name) => {
    expect(() => from(thinking).render([user], { variables: { [name]: 1 } })).toThrow(
      new RegExp(`set by what is asked[\\s\\S]*${name}`),
    );
  });
});

describe("messages are refused", () => {
  const cases: [string, unknown[], RegExp][] = [
    ["no messages", [], /no messages/],
    ["an unknown role", [{ role: "robot", content: "x" }], /role of a message is unknown[\s\S]*"robot"/],
    ["a role from the prototype", [{ role: "constructor", content: "x" }], /unknown/],
    ["no role", [{ content: "x" }], /unknown/],
    ["content that is no text", [{ role: "user", content: null }], /message 1 \(user\): null/],
    ["half a surrogate pair", [{ role: "user", content: "\ud83d" }], /half a surrogate pair/],
  ];

  it.each(cases)("%s", (_, messages, reason) => {
    for (const template of [from(chatMl), published(mistral), from("always this")]) {
      expect(() => template.render(messages as ChatMessage[])).toThrow(ChatError);
      expect(() => template.render(messages as ChatMessage[])).toThrow(reason);
    }
  });
});

describe("templates of strangers", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each([
    ["{% if %}", /does not parse/],
    ["{{ 'a }}", /does not parse/],
    ["{% for x in messages %}", /does not parse/],
    [" ".repeat(1001), /more than 1000 blanks/],
    ["x".repeat(2 ** 17 + 1), /longer than/],
    ["{{ (".repeat(20_000), /does not parse/],
  ])("do not parse: %.20s", (source, reason) => {
    expect(() => from(source)).toThrow(ChatError);
    expect(() => from(source)).toThrow(reason);
  });

  const grow = (body: string, times: number) => body.repeat(times);
  it.each([
    ["doubled text", `{% set x = 'aaaaaaaa' %}${grow("{% set x = x ~ x %}", 30)}`, /more than 16777216/],
    ["doubled lists", `{% set x = ['a'] %}${grow("{% set x = [x, x] %}", 60)}{{ x }}`, /more than 16777216/],
    [
      "doubled namespaces",
      `{% set x = namespace() %}${grow("{% set x = namespace(a=x, b=x) %}", 60)}{{ x }}`,
      /namespace/,
    ],
    ["a namespace in itself", "{% set x = namespace() %}{% set x.x = x %}{{ x }}", /namespace/],
    ["a namespace in a list", "{% set x = namespace() %}{% set x.x = [x] %}{{ x }}", /namespace/],
    ["a long range", "{% for i in range(10**12) %}{% endfor %}", /range\(\)/],
    ["a range without step", "{{ range(1, 2, 0) }}", /range\(\)/],
    [
      "many long texts",
      `{% set x = 'aaaaaaaa' %}${grow("{% set x = x ~ x %}", 20)}${grow("{% set y = x ~ '.' %}", 20)}`,
      /134217728 characters on its way/,
    ],
    [
      "replacing every letter by a text",
      `{% set x = 'aaaaaaaa' %}${grow("{% set x = x ~ x %}", 16)}{{ x.replace('a', x) }}`,
      /cannot write/,
    ],
    ["endless macros", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", /cannot write/],
    ["an unknown filter", "{{ 'a' | system }}", /system/],
    ["an unknown date", "{{ strftime_now('%Q') }}", /%Q/],
    ["adding what is not there", "{{ bos_token + 'a' }}", /undefined/],
  ])("ask for too much: %s", (_, source, reason) => {
    expect(() => from(source).render([user])).toThrow(ChatError);
    expect(() => from(source).render([user])).toThrow(reason);
  });

  it("take too long", () => {
    let clock = 0;
    vi.spyOn(performance, "now").mockImplementation(() => (clock += 100));
    const slow = from("{% for i in range(300) %}{% for j in range(300) %}x{% endfor %}{% endfor %}");
    expect(() => slow.render([user])).toThrow(/longer than 5 seconds/);
    expect(clock).toBeLessThan(7000);
  });

  it("reach nothing outside", () => {
    const names = ["process", "globalThis", "require", "messages.constructor", "''.constructor", "eval"];
    for (const name of [...names, "messages[0].__proto__", "raise_exception.constructor", "range.call"]) {
      expect(from(`[{{ ${name} }}]`).render([user])).toBe("[]");
    }
    expect(() => from("{% include '/etc/passwd' %}")).toThrow(ChatError);
    expect(() => from("{% import 'x' as y %}")).toThrow(ChatError);
  });

  it("render long honest conversations", () => {
    const long: ChatMessage[] = Array.from({ length: 400 }, (_, i) => ({
      role: i % 2 === 0 ? "user" : "assistant",
      content: `${i} ${"word ".repeat(2000)}`,
    }));
    const text = published(qwen3).render(long);
    expect(text.match(/<\|im_start\|>/g)).toHaveLength(400);
    expect(text.length).toBeGreaterThan(4_000_000);
  });

  it("throw nothing but ChatError, whatever they are", () => {
    const parts =
      "{{ }} {% %} {# #} if else endif for endfor set in x = ( ) [ ] ' | . + * ~ - , : 1 range messages";
    const piece = fc.constantFrom(
      ...parts.split(" "),
      " ",
      "\n",
      "namespace",
      "tojson",
      "loop",
      "role",
      "macro",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        try {
          expect(typeof from(pieces.join(" ")).render([user])).toBe("string");
        } catch (error) {
          expect(error).toBeInstanceOf(ChatError);
        }
      }),
      { seed: 3, numRuns: 1000 },
    );
  });
});
