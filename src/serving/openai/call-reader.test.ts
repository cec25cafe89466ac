import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CallReader, type CallReaderOptions } from "./call-reader.js";
import { gathered } from "./chat-form.js";

const tagged: CallReaderOptions = {
  ...{ open: "<tool_call>", close: "</tool_call>", isOpened: false, names: ["f", "g"] },
};
const bare: CallReaderOptions = { ...tagged, open: "", close: "" };

function read(pieces: readonly string[], options: CallReaderOptions) {
  const reader = new CallReader(options);
  const { text, calls } = gathered([...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()]);
  return { text, calls: calls.map(({ name, arguments: given }) => [name, given]) };
}

const cases: [string, CallReaderOptions, string, ReturnType<typeof read>][] = [
  ["text alone", tagged, "Hi <tool_cal> you \n", { text: "Hi <tool_cal> you \n", calls: [] }],
  [
    "two calls behind words",
    tagged,
    'So:\n<tool_call>\n{"name": "f", "arguments": {"a": "}\\"{"}}\n</tool_call>\n<tool_call>{"name":"g","arguments":{}}</tool_call>',
    { text: "So:", calls: [["f", '{"a": "}\\"{"}'], ["g", "{}"]] }, // biome-ignore format: one row
  ],
  [
    "a call without its end",
    tagged,
    '<tool_call>\n{"name": "f", "arguments": {"a": [1, ',
    { text: "", calls: [["f", '{"a": [1, ']] },
  ],
  [
    "calls with a member that no call has",
    tagged,
    '<tool_call>{"name":"f","arguments":{},"id":1}</tool_call> Hello <tool_call>{"name":"g","arguments":{}}</tool_call>',
    { text: " Hello", calls: [["f", "{}"], ["g", "{}"]] }, // biome-ignore format: one row
  ],
  [
    "a call behind one that nothing closes",
    tagged,
    '<tool_call>{"name":"f","arguments":{},"id":1} So <tool_call>{"name":"g","arguments":{}}</tool_call>',
    { text: ',"id":1} So', calls: [["f", "{}"], ["g", "{}"]] }, // biome-ignore format: one row
  ],
  [
    "words where a call should close",
    tagged,
    '<tool_call>{"name":"f","arguments":{}, and so on',
    { text: ", and so on", calls: [["f", "{}"]] },
  ],
  ["a call whose end is cut", tagged, '<tool_call>{"name":"f","arguments":{}}\n</tool_', { text: "", calls: [["f", "{}"]] }], // biome-ignore format: one row
  ["an opening that opens nothing", tagged, "<tool_call>\nno</tool_call> yes", { text: "<tool_call>\nno</tool_call> yes", calls: [] }], // biome-ignore format: one row
  ["an opening at the end", tagged, "a <tool_call>", { text: "a <tool_call>", calls: [] }],
  ["a call alone", bare, '\n{"name": "g", "parameters": {"x": 1}}', { text: "", calls: [["g", '{"x": 1}']] }],
  ["JSON that is no call", bare, '{"name": "h", "age": 1}', { text: '{"name": "h", "age": 1}', calls: [] }],
  ["JSON that begins as one", bare, '{"name": "f", "par', { text: '{"name": "f", "par', calls: [] }],
  [
    "a call that was opened before",
    { ...tagged, isOpened: true },
    '{"name": "f", "arguments": {}}',
    { text: "", calls: [["f", "{}"]] },
  ],
];

describe("an answer is taken apart", () => {
  it.each(cases)("%s", (_, options, text, parts) => {
    expect(read([text], options)).toEqual(parts);
  });

  it("the same in whatever pieces it comes", () => {
    fc.assert(
      fc.property(fc.constantFrom(...cases), fc.array(fc.nat(80), { maxLength: 20 }), (row, cuts) => {
        const [, options, text, parts] = row;
        const places = [0, ...cuts.map((cut) => cut % text.length).sort((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((end, i) => text.slice(places[i], end));
        expect(pieces.join("")).toBe(text);
        expect(read(pieces, options)).toEqual(parts);
      }),
      { seed: 5, numRuns: 300 },
    );
  });

  it("with calls that are whole or broke off", () => {
    const reader = new CallReader(tagged);
    reader.push('<tool_call>{"name": "f", "arguments": {"a": 1');
    expect([reader.count, reader.isInCall]).toEqual([1, true]);
    reader.push("}}");
    expect([reader.count, reader.isInCall]).toEqual([1, false]);
  });

  it("in time that grows with the white space, not with its square", () => {
    const spaces = `${" ".repeat(100_000)}x`;
    const before = performance.now();
    expect(read([spaces], tagged)).toEqual({ text: spaces, calls: [] });
    expect(performance.now() - before).toBeLessThan(2000); // the square takes most of a minute
  });
});
