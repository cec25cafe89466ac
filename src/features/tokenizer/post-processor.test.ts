import { Tokenizer as HuggingFaceModel } from "@huggingface/tokenizers";
import { describe, expect, it } from "vitest";
import { chatTemplate } from "../chat/chat-template.js";
import { chatTokens } from "../chat/chat-tokens.js";
import { byteTokenizer } from "./byte-tokenizer.js";
import { tokenizerFromJson } from "./load-tokenizer.js";
import { findBeginOfText, surrounding, surroundingTokens, textStart } from "./post-processor.js";
import { encodeText } from "./tokenizer.js";
import type { JsonObject } from "./tokenizer-file.js";

const [begin, end] = ["<s>", "</s>"];
const bytes = byteTokenizer({ specialTokens: [end, begin] });
const [endId, beginId] = [256, 257];
const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false };
const template = (after?: "after") =>
  surrounding({ before: [begin, beginId], ...(after && { after: [end, endId] as const }) });

const processed = (processor: object | null, config: JsonObject = { eos_token: end }) =>
  tokenizerFromJson({ ...bytes.toJSON(), post_processor: processor } as JsonObject, config);

describe("tokens around a text", () => {
  it.each<[string, object | null, number[], number[]]>([
    ["nothing", null, [], []],
    ["a template that begins, as Gemma's", template(), [beginId], []],
    ["a template with both", template("after"), [beginId], [endId]],
    ["a template that ends, as T5's", surrounding({ after: [end, endId] }), [], [endId]],
    ["a sequence, as Llama 3's", { type: "Sequence", processors: [byteLevel, template()] }, [beginId], []],
    [
      "RoBERTa's",
      {
        type: "RobertaProcessing",
        cls: [begin, beginId],
        sep: [end, endId],
        trim_offsets: true,
        add_prefix_space: false,
      },
      [beginId],
      [endId],
    ],
  ])("are those that the library puts there: %s", (_, processor, before, after) => {
    expect(surroundingTokens(processor)).toEqual({ before, after });
    const model = new HuggingFaceModel({ ...bytes.toJSON(), post_processor: processor }, {});
    expect(model.encode("ab").ids).toEqual([...before, 97, 98, ...after]);
  });
});

describe("the beginning of a text", () => {
  it("is told by the file, and kept in it", () => {
    const tokenizer = processed(template());
    expect(tokenizer.beginOfText).toBe(beginId);
    expect(Array.from(tokenizer.encode("the"))).toEqual([116, 104, 101]);
    expect(Array.from(encodeText(tokenizer, "the"))).toEqual([beginId, 116, 104, 101]);
    expect(Array.from(encodeText(tokenizer, ""))).toEqual([beginId]);
    expect(tokenizer.toJSON()).toMatchObject({ post_processor: template() });
  });

  it("stands before a text of any length", () => {
    const long = encodeText(processed(template()), "x".repeat(500_000));
    expect([long.length, long[0], long[500_000]]).toEqual([500_001, beginId, 120]);
  });

  it("is not written twice", () => {
    expect(Array.from(encodeText(processed(template()), "<s>a"))).toEqual([beginId, 97]);
  });

  it.each<[string, object | null, JsonObject, number | undefined]>([
    ["where the config asks for it", null, { add_bos_token: true, bos_token: begin }, beginId],
    [
      "where it names a token in an object",
      null,
      { add_bos_token: true, bos_token: { content: begin } },
      beginId,
    ],
    [
      "nowhere where the config turns it off",
      template(),
      { add_bos_token: false, bos_token: begin },
      undefined,
    ],
    ["nowhere where a token is named only", null, { bos_token: begin }, undefined],
  ])("stands %s", (_, processor, config, expected) => {
    const tokenizer = processed(processor, { eos_token: end, ...config });
    expect(tokenizer.beginOfText).toBe(expected);
    expect(findBeginOfText(tokenizer, processor)).toBe(expected);
  });

  it("starts what is predicted; else the token that is named, else the end of the text before", () => {
    expect(textStart(processed(template()))).toBe(beginId);
    expect(textStart(processed(null, { eos_token: end, bos_token: begin }))).toBe(beginId);
    expect(textStart(processed(null))).toBe(endId);
  });

  it.each([
    ["writes it", "{{ bos_token }}"],
    ["does not", ""],
  ])("begins a conversation once, whether the template %s", (_, first) => {
    const chat_template = `${first}{% for m in messages %}{{ m.role[0] }}:{{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}a:{% endif %}`;
    const tokenizer = processed(template(), { eos_token: end, bos_token: begin, chat_template });
    const messages = [
      { role: "user", content: "x" },
      { role: "assistant", content: "y" },
    ] as const;
    const { ids, isAssistant, turns } = chatTokens(chatTemplate(tokenizer), tokenizer, messages);
    const codes = (text: string) => [...text].map((character) => character.charCodeAt(0));
    expect(Array.from(ids)).toEqual([beginId, ...codes("u:x"), endId, ...codes("a:y"), endId]);
    expect(Array.from(isAssistant)).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1]);
    expect(turns).toEqual([0]);
  });
});
