import { describe, expect, it } from "vitest";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { GenerationError } from "../errors.js";
import { callConstraints } from "./call-constraint.js";
import type { CallableFunction, CallGrammar } from "./constraint.js";
import { JsonCompiler } from "./json-schema-constraint.js";

/** Bytes, and an opening that brings two line breaks, as byte pairs of Qwen join `>` and line breaks. */
const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>", "<tool_call>\n\n"] });
const grammar = { argumentsKey: "arguments", isOpened: false, mayBeSeveral: true } as const;
const tagged = { ...grammar, open: "<tool_call>" };
const bare = { ...grammar, open: "" };
const opened = { ...tagged, isOpened: true };

const whole = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
const f: CallableFunction = { name: "f", parameters: { ...whole, additionalProperties: false } };

function constraintOf(style: Omit<CallGrammar, "functions">, functions: readonly CallableFunction[]) {
  const compiler = new JsonCompiler(tokenizer, tokenizer.vocabSize, [tokenizer.endOfText!]);
  return callConstraints(compiler)({ ...style, functions });
}

/** How much of a text a constraint lets come. */
async function allowed(style: Omit<CallGrammar, "functions">, functions: CallableFunction[], text: string) {
  const constraint = await constraintOf(style, functions);
  const ids = [...tokenizer.encode(text)];
  for (const [i, id] of ids.entries()) {
    const logits = new Float32Array(tokenizer.vocabSize);
    constraint.mask(logits);
    if (logits[id] !== 0) return tokenizer.decode(Int32Array.from(ids.slice(0, i)));
    constraint.accept(id);
  }
  return text;
}

const call = (name: string, args: string) => `{"name": "${name}", "arguments": ${args}}`;

describe("a call is kept to its schema", () => {
  it.each([
    ["behind its opening", tagged, "Hm. <tool_call>\n"],
    ["behind an opening whose token brings line breaks", tagged, "<tool_call>\n\n"],
    ["where an answer is nothing else", bare, ""],
  ])("%s", async (_, style, before) => {
    expect(await allowed(style, [f], `${before}${call("f", '{"n": 12}')}`)).toContain("12}}");
    const wrong = await allowed(style, [f], `${before}${call("f", '{"n": "12"}')}`);
    expect(wrong).toBe(`${before}{"name": "f", "arguments": {"n": `);
  });

  it.each(['{"name" : "f"', '{\n\n"name":"f"', '\n{ "name"  :\n\n"f"'])("that begins as %j", async (head) => {
    const wrong = await allowed(bare, [f], `${head}, "arguments": {"n": "12"}}`);
    expect(wrong).toBe(`${head}, "arguments": {"n": `);
    const right = `${head}, "arguments": {"n": 12}}`;
    expect(await allowed(bare, [f], right)).toBe(right);
  });
});

describe("functions that one grammar can only hold", () => {
  it("without what explains them", async () => {
    const described = ["f", "g"].map((name) => ({
      ...{ name, isStrict: true },
      parameters: { ...f.parameters, description: "d".repeat(70_000) },
    }));
    const wrong = await allowed(opened, described, call("g", '{"n": "12"}'));
    expect(wrong).toBe('{"name": "g", "arguments": {"n": ');
  });

  it("without their parameters, but for the strict ones", async () => {
    const schema = { type: "string", minLength: 1, maxLength: 400 };
    const properties = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`p${i}`, schema]));
    const many = Array.from({ length: 20 }, (_, i) => ({
      name: `tool${i}`,
      parameters: { type: "object", properties, required: [`p${i % 10}`] },
    }));
    const text = call("tool19", '{"any": [1]}');
    const functions = [...many, { ...f, isStrict: true }];
    expect(await allowed(opened, functions, text)).toBe(text);
    const wrong = await allowed(opened, functions, call("f", '{"any": [1]}'));
    expect(wrong).toBe('{"name": "f", "arguments": {"');
    const strict = many.map((one) => ({ ...one, isStrict: true }));
    await expect(constraintOf(opened, strict)).rejects.toThrow(GenerationError);
  });

  it("as any object where their parameters are none, unless they are strict", async () => {
    const odd = { name: "odd", parameters: { type: "string" } };
    const text = call("odd", '{"a": 1}');
    expect(await allowed(opened, [odd, f], text)).toBe(text);
    await expect(constraintOf(opened, [{ ...odd, isStrict: true }, f])).rejects.toThrow(/odd: type "string"/);
  });

  it("with properties that are named as words of a schema", async () => {
    const place = { $ref: "#/$defs/place" };
    const parameters = {
      ...{ type: "object", additionalProperties: false, $defs: { place: { enum: ["here"] } } },
      properties: { default: place, const: place, enum: place, examples: place, title: place },
    };
    const text = '{"default": "here", "const": "here", "enum": "here", "examples": "here", "title": "here"}';
    const named = [{ name: "named", parameters }, f];
    expect(await allowed(opened, named, call("named", text))).toBe(call("named", text));
    const wrong = await allowed(opened, named, call("named", '{"title": "there"}'));
    expect(wrong).toBe('{"name": "named", "arguments": {"title": "');
  });
});
