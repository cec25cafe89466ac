import { describe, expect, it } from "vitest";
import { GenerationError } from "../errors.js";
import { Automaton, type State } from "./automaton.js";
import { jsonGrammar } from "./json-grammar.js";
import type { Schema } from "./keywords.js";
import { TextNetwork } from "./text-network.js";

function automaton(schema: unknown): Automaton {
  const net = new TextNetwork();
  const root = jsonGrammar(schema as Schema, net);
  return new Automaton(net.nodes, root);
}

function accepts(grammar: Automaton, text: string | Uint8Array): boolean {
  let state: State | null = grammar.start;
  for (const byte of Buffer.from(text)) state &&= grammar.step(state, byte);
  return state?.mayEnd ?? false;
}

describe("a schema that cannot be kept to is refused, and says why", () => {
  const circle = {
    $defs: { a: { anyOf: [{ $ref: "#/$defs/b" }] }, b: { $ref: "#/$defs/a" } },
    $ref: "#/$defs/a",
  };
  it.each<[string, unknown, RegExp]>([
    [
      "an unknown keyword",
      { type: "array", items: { uniqueItems: true } },
      /#\/items: the keyword uniqueItems/,
    ],
    ["a keyword from elsewhere", { nullable: true }, /the keyword nullable/],
    ["a wrong type", { type: "strin" }, /#\/type: expected one or several of object, array, string/],
    ["a wrong value", { properties: { a: { minLength: -1 } } }, /#\/properties\/a\/minLength/],
    ["properties that are none", { properties: { a: 1 } }, /#\/properties: expected an object of schemas/],
    ["allOf", { allOf: [{ type: "string" }, { minLength: 1 }] }, /allOf of several/],
    ["anyOf beside others", { anyOf: [{}], type: "string" }, /type beside anyOf/],
    ["$ref beside others", { $ref: "#/$defs/a", minLength: 1, $defs: { a: {} } }, /minLength beside \$ref/],
    ["enum beside others", { enum: ["a"], minLength: 1 }, /minLength beside enum/],
    [
      "oneOf that may overlap",
      { oneOf: [{ type: "integer" }, { type: "number" }] },
      /schemas 0 and 1 may hold together/,
    ],
    ["oneOf of open objects", { oneOf: [{ required: ["a"] }, { required: ["b"] }] }, /may hold together/],
    ["names by a rule", { propertyNames: { pattern: "^a" } }, /#\/propertyNames: names by a rule/],
    ["a reference to elsewhere", { $ref: "https://example.com/schema" }, /\$ref "https/],
    ["a reference to nothing", { $ref: "#/$defs/a" }, /\$ref "#\/\$defs\/a"/],
    ["a reference to what is inherited", { $ref: "#/constructor" }, /\$ref/],
    ["a reference to itself", { $ref: "#" }, /refers to itself at once/],
    ["references in a circle", circle, /refers to itself at once/],
    ["a circle through oneOf", { oneOf: [{ $ref: "#" }, { type: "null" }] }, /refers to itself at once/],
    ["an object that never ends", { properties: { a: { $ref: "#" } }, required: ["a"] }, /no JSON text/],
    ["contradictions", { type: "string", minLength: 3, maxLength: 2 }, /no JSON text/],
    ["an empty interval", { type: "number", minimum: 3, exclusiveMaximum: 3 }, /no JSON text/],
    ["what is false", { type: "array", items: false, minItems: 1 }, /no JSON text/],
    ["too many states", { type: "string", maxLength: 1e15 }, /too many states/],
    ["too many items", { type: "array", minItems: 2 ** 40 }, /too many states/],
    ["a large pattern", { type: "string", pattern: "((a{999}){999}){999}" }, /pattern needs too many states/],
    ["an empty loop", { type: "string", pattern: "((){9999}){9999}" }, /pattern needs too many states/],
    ["a pattern that is none", { type: "string", pattern: "(" }, /no regular expression/],
  ])("%s", (_, schema, message) => {
    expect(() => automaton(schema)).toThrow(GenerationError);
    expect(() => automaton(schema)).toThrow(message);
  });

  it.each([
    "(?=a)b",
    "(?!a)",
    "(?<=a)b",
    "(a)\\1",
    "\\bword\\b",
    "\\p{L}",
    "a^b",
    "(^a)",
    "a$b",
    "(a$)b",
    "🙂",
    "\\ud83d",
    "\\cA",
    "a{",
    "(?<n>a)\\k<n>",
    "[\\w-a]",
    "\\u{61}",
    "\\07",
  ])("the pattern %s", (pattern) => {
    expect(() => automaton({ type: "string", pattern })).toThrow(
      /pattern that is not supported.*cannot be expressed/s,
    );
  });

  it("does not take long over one that is made to", () => {
    const same = (i: number) => ({ properties: { [`a${i}`]: {}, p: { $ref: "#" } }, required: ["p"] });
    const ambiguous = { anyOf: [...Array.from({ length: 8 }, (_, i) => same(i)), { type: "null" }] };
    const grammar = automaton(ambiguous);
    const depth = 30; // 8^30 ways to read it
    expect(accepts(grammar, `${'{"p":'.repeat(depth)}null${"}".repeat(depth)}`)).toBe(true);
    const pairs = Array.from({ length: 45 }, (_, i) => [
      `d${i}`,
      { oneOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] },
    ]);
    expect(() =>
      automaton({ $ref: "#/$defs/d0", $defs: { ...Object.fromEntries(pairs), d45: false } }),
    ).toThrow(/no JSON text/);
  });
});
