import fc from "fast-check";
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

/** Expects a schema's texts to be among the values of `yes` and not among those of `no`. */
function expectTexts(schema: unknown, yes: readonly string[], no: readonly string[]): void {
  const grammar = automaton(schema);
  expect(yes.filter((text) => !accepts(grammar, text))).toEqual([]);
  expect(no.filter((text) => accepts(grammar, text))).toEqual([]);
}

const strings = (...values: string[]) => values.map((value) => JSON.stringify(value));

describe("strings", () => {
  it("are JSON's strings, with every escape and no others", () => {
    const written = [
      "",
      "a b",
      "é道🙂",
      'say "hi"\\\n',
      "\u007f\u2028\ud7ff\ue000\uffff\u{10ffff}",
      "\u0000",
    ];
    const escapes = ['"\\/\\b\\f\\n\\r\\t"', '"\\u00e9\\uD83D\\ude42\\ud7FF\\uE000"'];
    const wrong = [
      '"',
      'a"',
      '"\n"',
      '"\u0000"',
      '"\\x41"',
      '"\\u12"',
      '"\\a"',
      '"a"b"',
      "'a'",
      ' "a"',
      '"a" ',
    ];
    expectTexts({ type: "string" }, [...strings(...written), ...escapes], wrong);
  });

  it("hold no half of a surrogate pair, and no bytes that are not UTF-8", () => {
    expectTexts(
      { type: "string" },
      [],
      ['"\\ud83d"', '"\\ud83d\\u0041"', '"\\ude42"', '"\\ud83dx"', '"\\ude42\\ud83d"'],
    );
    const grammar = automaton({ type: "string" });
    const quoted = (...bytes: number[]) => Uint8Array.of(0x22, ...bytes, 0x22);
    const wrong = [
      [0x80],
      [0xc3],
      [0xc0, 0xaf],
      [0xe0, 0x80, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xff],
    ];
    for (const bytes of wrong) expect(accepts(grammar, quoted(...bytes))).toBe(false);
    expect(accepts(grammar, quoted(0xed, 0x9f, 0xbf, 0xf4, 0x8f, 0xbf, 0xbf))).toBe(true);
  });

  it("are of a length that is right in characters and in UTF-16 units", () => {
    expectTexts(
      { type: "string", minLength: 2, maxLength: 3 },
      strings("ab", "a道c", "ab\n"),
      strings("", "a", "abcd", "🙂", "ab🙂"),
    );
    expectTexts({ type: "string", maxLength: 3 }, strings("", "🙂", "🙂a"), strings("🙂🙂", "abcd"));
    expectTexts({ type: "string", minLength: 2 }, strings("🙂🙂", "abc"), strings("🙂", "a"));
    expectTexts({ type: "string", maxLength: 0 }, ['""'], ['"a"']);
  });

  it("match their pattern exactly", () => {
    fc.assert(
      fc.property(
        fc.oneof(...PATTERNS.map((pattern) => fc.tuple(fc.constant(pattern), textLike(pattern)))),
        ([pattern, text]) => {
          const isMatch = new RegExp(pattern).test(text);
          expect(accepts(patternGrammar(pattern), JSON.stringify(text))).toBe(isMatch);
        },
      ),
      { seed: 1, numRuns: 1500 },
    );
  });

  it("match their pattern and have their length", () => {
    const schema = { type: "string", pattern: "^(ab)*$", minLength: 3, maxLength: 6 };
    expectTexts(schema, strings("abab", "ababab"), strings("", "ab", "abababab", "aba"));
    expectTexts({ ...schema, maxLength: undefined }, strings("abab", "ab".repeat(20)), strings("ab"));
  });
});

const PATTERNS = [
  "^a|b$",
  "a.c",
  '^[^a-c\\]"\\\\]{2,3}$',
  "^(?:x|yz)+?(\\d{2}|\\w\\W)?$",
  "^\\s*(?<word>[\\-+._]|\\u0061\\x62\\t)*$",
  "^$|^a{2,}$",
  "[]|^[^]b$",
  "^a?b{0}c*$",
  "^(a(b(c|d)*)+)?$",
  "^(?:\\d\\d[2468][048]-02-29|\\d{4}-(?:(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)))T[0-5]\\d(?:\\.\\d+)?(?:Z)$",
  "^(?:[A-Za-z0-9_'+\\-]+\\.)*[A-Za-z0-9_+-]@(?:[A-Za-z0-9][A-Za-z0-9\\-]*\\.)+[A-Za-z]{2,}$",
];

/** Texts that a pattern matches, and texts of the characters that it speaks of. */
function textLike(pattern: string): fc.Arbitrary<string> {
  const letters = fc.constantFrom(...new Set(`${pattern.replaceAll(/[\\{}()?<>:^$]/g, "")} \n\t"\\19é`));
  const some = fc.string({ unit: letters, maxLength: 6 });
  const matching = fc.stringMatching(new RegExp(pattern.replace("[]|", "")));
  return fc.oneof(some, matching).filter((text) => !/[\ud800-\udfff]/.test(text));
}

const grammars = new Map<string, Automaton>();

function patternGrammar(pattern: string): Automaton {
  const known = grammars.get(pattern) ?? automaton({ type: "string", pattern });
  grammars.set(pattern, known);
  return known;
}

describe("numbers", () => {
  it("are JSON's numbers of at most 15 digits", () => {
    const yes = ["0", "-0", "10", "-1.5", "0.001", "1e5", "2E-07", "123456789012345", "1.5e+99"];
    const no = [
      "01",
      "+1",
      ".5",
      "1.",
      "1e",
      "--1",
      "1e100",
      "1234567890123456",
      "Infinity",
      "NaN",
      "0x1",
      "",
    ];
    expectTexts({ type: "number" }, yes, no);
    expectTexts(
      { type: "integer" },
      ["0", "7", "-20", "9007199254740991"],
      ["1.0", "1e2", "-0", "00", "9007199254740992"],
    );
    expectTexts({ type: ["integer", "number"] }, ["1", "1.5"], []);
  });

  it("lie within their bounds, to the last digit", () => {
    const bound = fc.oneof(
      fc.integer({ min: -1200, max: 1200 }),
      fc.integer({ min: -12000, max: 12000 }).map((n) => n / 1000),
      fc.constantFrom(0, 0.1, 1e-7, -1e-7, 1e21, -1e21, 999, 1000, -0),
    );
    const numeral = fc.tuple(
      fc.constantFrom("", "-"),
      fc.nat(1300),
      fc.constantFrom("", ".0", ".5", ".100", ".0000001"),
    );
    const words = fc.subarray(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"], {
      minLength: 1,
    });
    const integerOr = fc.constantFrom("integer", "number");
    fc.assert(
      fc.property(
        integerOr,
        words,
        fc.array(bound, { minLength: 4, maxLength: 4 }),
        fc.array(numeral, { minLength: 30 }),
        (type, names, bounds, numerals) => {
          const schema = {
            type,
            ...Object.fromEntries(names.map((name, i) => [name, bounds[i]])),
          } as Bounds;
          const texts = [...numerals.map((parts) => parts.join("")), ...bounds.map(String)];
          const expected = texts.filter((text) => isWithin(text, schema));
          let grammar: Automaton;
          try {
            grammar = automaton(schema);
          } catch (error) {
            expect(error).toBeInstanceOf(GenerationError);
            expect(expected).toEqual([]); // refused only where nothing fits
            return;
          }
          expect(texts.filter((text) => accepts(grammar, text))).toEqual(expected);
        },
      ),
      { seed: 2, numRuns: 100 },
    );
  });

  it("are never rounded onto a bound that they must not reach", () => {
    const grammar = automaton({ type: "number", exclusiveMinimum: 0.1, exclusiveMaximum: 0.3 });
    expect(accepts(grammar, "0.10000000000001")).toBe(true);
    for (const text of ["0.1", "0.10", "0.1000000000000000000001", "0.3", "0.2999999999999999999999"]) {
      expect(accepts(grammar, text)).toBe(false);
    }
  });
});

interface Bounds {
  readonly type: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** Whether a numeral without exponent is one that we write and lies within the bounds. */
function isWithin(text: string, bounds: Bounds): boolean {
  const [whole, fraction] = text.replace("-", "").split(".");
  if (/e/.test(text) || (bounds.type === "integer" && fraction !== undefined)) return false;
  if (whole!.length + (fraction ?? "").length > (bounds.type === "integer" ? 16 : 15)) return false;
  const {
    minimum = -Infinity,
    maximum = Infinity,
    exclusiveMinimum = -Infinity,
    exclusiveMaximum = Infinity,
  } = bounds;
  const value = Number(text);
  if (Object.is(value, -0)) return false;
  return value >= minimum && value <= maximum && value > exclusiveMinimum && value < exclusiveMaximum;
}

describe("objects", () => {
  it("hold what is required, in the order of the schema", () => {
    const schema = {
      type: "object",
      properties: { a: { type: "null" }, b: { type: "null" }, 'c"é': { type: "null" } },
      required: ["b"],
      additionalProperties: false,
    };
    const yes = [
      '{"b":null}',
      '{"a":null,"b":null}',
      '{"b":null,"c\\"é":null}',
      '{"a":null,"b":null,"c\\"é":null}',
    ];
    const no = [
      "{}",
      '{"a":null}',
      '{"b":null,"a":null}',
      '{"b":null,}',
      '{,"b":null}',
      '{"b":1}',
      '{"b":null,"d":null}',
      '{"b":null',
      '{"b":null "a":null}',
      '{"b":null,"b":null}',
    ];
    expectTexts(schema, yes, no);
  });

  it("hold other properties behind those, but none under a name that the schema gives", () => {
    const schema = {
      properties: { ab: { type: "null" }, aé: { type: "null" } },
      additionalProperties: { type: "boolean" },
    };
    const yes = [
      '{"x":true}',
      '{"a":true,"abc":false,"":true,"道":true,"aè":true,"aéé":true}',
      '{"ab":null,"b":true}',
      "{}",
    ];
    const no = ['{"ab":true}', '{"aé":true}', '{"x":null}', '{"b":true,"ab":null}', '{"\\u0061b":true}'];
    expectTexts(schema, yes, no);
    expectTexts({ type: "object" }, ['{"a":[1,{"b":"c"}]}'], ["[]", '{"a"}', '{"a":}']);
    expectTexts({ type: "object", required: ["x"] }, ['{"x":1,"y":2}'], ["{}", '{"y":2}']);
  });

  it("hold the names that propertyNames lists", () => {
    const schema = {
      properties: { z: { type: "null" } },
      propertyNames: { enum: ["x", "y"] },
      additionalProperties: { type: "null" },
      required: ["y"],
    };
    expectTexts(
      schema,
      ['{"y":null}', '{"y":null,"x":null}'],
      ["{}", '{"x":null}', '{"y":null,"z":null}', '{"y":null,"w":null}'],
    );
    expectTexts({ type: "object", propertyNames: { type: "string" } }, ['{"any":1}'], []);
  });

  it("may leave out a property that has no value", () => {
    expectTexts(
      { properties: { a: false, b: { type: "string", pattern: "[]" } } },
      ["{}"],
      ['{"a":1}', '{"b":""}'],
    );
  });
});

describe("arrays", () => {
  it("hold as many items as they may", () => {
    expectTexts(
      { type: "array", items: { type: "null" } },
      ["[]", "[null]", "[null,null,null]"],
      ["[,]", "[null,]", "[1]", "[null"],
    );
    const two = { type: "array", items: { type: "null" }, minItems: 1, maxItems: 2 };
    expectTexts(two, ["[null]", "[null,null]"], ["[]", "[null,null,null]"]);
    expectTexts({ type: "array", minItems: 2 }, ['[1,"a",{}]'], ["[1]", "[]"]);
    expectTexts({ type: "array", maxItems: 0 }, ["[]"], ["[1]"]);
  });

  it("begin with the first items, in the words of both drafts", () => {
    const first = [{ type: "integer" }, { type: "null" }];
    for (const schema of [
      { prefixItems: first, items: false },
      { items: first, additionalItems: false },
    ]) {
      expectTexts({ type: "array", ...schema }, ["[]", "[1]", "[1,null]"], ["[null]", "[1,null,1]"]);
    }
    expectTexts(
      { prefixItems: first, items: { type: "boolean" }, minItems: 2 },
      ["[1,null,true,false]"],
      ["[1]", "[1,null,null]"],
    );
  });
});

describe("space", () => {
  it("may stand inside, in small amounts, and never around the value", () => {
    const schema = { type: "object", properties: { a: { type: "array", items: { type: "integer" } } } };
    const yes = [
      '{"a":[1,2]}',
      '{ "a": [ 1, 2 ] }',
      JSON.stringify({ a: [1, 2] }, null, 2),
      '{"a":\n                [1]}',
    ];
    const no = [
      '{  "a":[1]}',
      '{"a" :[1]}',
      '{"a":[1 ,2]}',
      ' {"a":[]}',
      '{"a":[]} ',
      '{"a":\n                 [1]}',
      '{\t"a":[1]}',
    ];
    expectTexts(schema, yes, no);
  });
});

describe("choices and references", () => {
  it("list values as they are, those of the type that is asked for", () => {
    const schema = { enum: [1, "a", "ab", null, { k: [1] }, "é\n"] };
    expectTexts(schema, ["1", '"a"', '"ab"', "null", '{"k":[1]}', '"é\\n"'], ["2", '"b"', '"abc"', "{}"]);
    expectTexts({ ...schema, type: ["string", "number"] }, ["1", '"a"'], ["null"]);
    expectTexts({ const: 1.5, type: "number" }, ["1.5"], ["1"]);
    expectTexts({ type: "integer", enum: [1, 1.5] }, ["1"], ["1.5"]);
  });

  it("take any of several schemas", () => {
    const one = {
      type: "object",
      properties: { k: { const: "one" }, v: { type: "null" } },
      required: ["k", "v"],
    };
    const two = {
      type: "object",
      properties: { k: { const: "two" } },
      required: ["k"],
      additionalProperties: false,
    };
    for (const name of ["anyOf", "oneOf"]) {
      const schema = { [name]: [one, two, { type: "string" }] };
      expectTexts(
        schema,
        ['{"k":"one","v":null}', '{"k":"two"}', '"x"'],
        ['{"k":"one"}', '{"k":"two","v":null}', "1"],
      );
    }
    expectTexts({ allOf: [{ type: "null" }], description: "x" }, ["null"], ["1"]);
    expectTexts({ anyOf: [false, { type: "null" }] }, ["null"], ["1"]);
  });

  it("write the type that the other keywords speak of, where none is given", () => {
    expectTexts({ minLength: 1 }, ['"a"'], ['""', "1"]);
    expectTexts({ minimum: 3, maxItems: 0 }, ["3.5", "[]"], ["2", '"a"']);
    expectTexts({}, ["1", '"a"', "null", "true", "[[]]", '{"a":{}}'], ["", "nul", "[}"]);
  });

  it("follow references, also around in circles", () => {
    const node = {
      type: "object",
      properties: { next: { $ref: "#/$defs/a~1b%25" } },
      additionalProperties: false,
    };
    const schema = { anyOf: [{ $ref: "#/$defs/a~1b%25" }, { type: "null" }], $defs: { "a/b%": node } };
    expectTexts(schema, ["{}", "null", '{"next":{"next":{}}}'], ['{"next":null}', '{"next":{}']);
    const tree = { type: "array", items: { $ref: "#" }, maxItems: 2 };
    expectTexts(tree, ["[]", "[[],[[]]]"], ["[[],[],[]]", "[1]"]);
  });
});
