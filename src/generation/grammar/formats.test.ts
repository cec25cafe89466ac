import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { GenerationError } from "../errors.js";
import { Automaton, type State } from "./automaton.js";
import { patternOfFormat } from "./formats.js";
import { jsonGrammar } from "./json-grammar.js";
import type { Schema } from "./keywords.js";
import { TextNetwork } from "./text-network.js";

function accepting(schema: Schema): (value: unknown) => boolean {
  const net = new TextNetwork();
  const grammar = new Automaton(net.nodes, jsonGrammar(schema, net));
  return (value) => {
    let state: State | null = grammar.start;
    for (const byte of Buffer.from(JSON.stringify(value))) state &&= grammar.step(state, byte);
    return state?.mayEnd ?? false;
  };
}

const takes = (schema: z.ZodType) => (text: string) => schema.safeParse(text).success;

/** A judge of each format, texts that it takes, and texts that nobody should. */
const formats: Record<string, [(text: string) => boolean, string[], string[]]> = {
  "date-time": [
    takes(z.iso.datetime({ offset: true })),
    ["2026-11-30T08:24:14Z", "2024-02-29T23:59:59.999+14:00", "1999-12-31T00:00:00-05:30"],
    ["2026-11-30", "2026-11-30 08:24:14Z", "2026-11-30T24:00:00Z", "2026-11-30T08:24:14"],
  ],
  date: [
    takes(z.iso.date()),
    ["2026-11-30", "2000-02-29", "2024-02-29", "0001-01-01"],
    ["2026-11-31", "1900-02-29", "2023-02-29", "26-11-30", "2026-13-01", "2026-00-10"],
  ],
  time: [
    (text) => !Number.isNaN(Date.parse(`2026-11-30T${text}`)),
    ["08:24:14Z", "23:59:59.5+01:00"],
    ["24:00:00Z", "08:60:00Z", "8:24:14Z", "08:24:14"],
  ],
  duration: [
    takes(z.iso.duration()),
    ["P3Y6M4DT12H30M5S", "PT36H", "P2W", "P1M", "PT1M"],
    ["P", "PT", "3Y", "P1Y2W", "P1S"],
  ],
  email: [
    takes(z.email()),
    ["ada@example.org", "a.b+c@mail.example.co.uk", "x_y-z@a-b.de"],
    ["ada", "ada@", "@example.org", "a..b@example.org", ".a@example.org", "ada@example", "a b@example.org"],
  ],
  hostname: [
    takes(z.hostname()),
    ["localhost", "www.example.org", "a-b.c", "127-0-0-1.example"],
    ["-a.b", "a-.b", "a..b", "a_b", ""],
  ],
  ipv4: [
    isIPv4,
    ["0.0.0.0", "255.255.255.255", "192.168.1.10"],
    ["256.0.0.1", "1.2.3", "01.2.3.4", "1.2.3.4.5"],
  ],
  ipv6: [
    isIPv6,
    ["::", "::1", "2001:db8::8a2e:370:7334", "1:2:3:4:5:6:7:8", "fe80::", "1::8"],
    ["1:2:3:4:5:6:7", "1::2::3", "12345::", ":::", "1:2:3:4:5:6:7:8:9", "g::"],
  ],
  uri: [
    (text) => URL.canParse(text) && takes(z.url())(text),
    ["https://example.org", "http://localhost:8080/a/b%20c?q=1&r#top", "http://127.0.0.1/"],
    ["example.org", "https://", "https://a b", "https://example.org/%zz"],
  ],
  uuid: [
    takes(z.uuid()),
    ["123e4567-e89b-12d3-a456-426614174000", "F47AC10B-58CC-4372-A567-0E02B2C3D479"],
    [
      "123e4567e89b12d3a456426614174000",
      "123e4567-e89b-02d3-a456-426614174000",
      "g23e4567-e89b-12d3-a456-426614174000",
    ],
  ],
};

describe.each(Object.entries(formats))("the format %s", (format, [judge, right, wrong]) => {
  const accepts = accepting({ type: "string", format });

  it("takes what it should, and nothing else", () => {
    expect(right.filter((text) => !accepts(text) || !judge(text))).toEqual([]);
    expect([...wrong, 1, null].filter(accepts)).toEqual([]);
  });

  it("has only texts that others take", () => {
    const written = fc.stringMatching(new RegExp(patternOfFormat(format, "#")!), { maxLength: 60 });
    fc.assert(
      fc.property(written, (text) => {
        expect([judge(text), accepts(text)], text).toEqual([true, true]);
      }),
      { numRuns: 100, seed: 1 },
    );
  });
});

it("a format counts beside a pattern and a length, for strings alone", () => {
  const accepts = accepting({ type: ["string", "null"], format: "date", pattern: "^2", maxLength: 10 });
  expect(["2026-11-30", "1999-12-31", "2", "2026-11-31", null].map(accepts)).toEqual([
    true,
    false,
    false,
    false,
    true,
  ]);
});

it("a format and the pattern that zod writes beside it", () => {
  const accepts = accepting(z.toJSONSchema(z.iso.date()) as Schema);
  expect(["2024-02-29", "2023-02-29"].map(accepts)).toEqual([true, false]);
});

it("a name that JSON Schema does not define restricts nothing", () => {
  expect(["x", 3].map(accepting({ type: ["string", "integer"], format: "int32" }))).toEqual([true, true]);
});

it("JSON Schema's other formats are refused, not left out", () => {
  expect(() => accepting({ properties: { a: { type: "string", format: "json-pointer" } } })).toThrow(
    GenerationError,
  );
  expect(() => accepting({ type: "string", format: "regex" })).toThrow(/#\/format: format regex/);
});
