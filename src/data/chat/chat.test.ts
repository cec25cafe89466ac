import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import type { SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, describe, expect, it } from "vitest";
import { DataError, MissingFileError } from "../../files/errors.js";
import { type Chat, readChats } from "./chat.js";
import { ChatError } from "./messages.js";

const root = await fs.mkdtemp(join(tmpdir(), "chat-"));
afterAll(() => fs.rm(root, { recursive: true }));

async function put(name: string, content: string | Uint8Array): Promise<string> {
  await fs.writeFile(join(root, name), content);
  return join(root, name);
}

async function read(files: string | string[]): Promise<Chat[]> {
  const chats: Chat[] = [];
  for await (const chat of readChats(files)) chats.push(chat);
  return chats;
}

const rows = (...values: unknown[]) => values.map((value) => JSON.stringify(value)).join("\n");
/** `u: Hi | a: Hello` */
const short = ({ messages }: Chat) => messages.map((m) => `${m.role[0]}: ${m.content}`).join(" | ");

const hello = [
  { role: "user", content: "Hi" },
  { role: "assistant", content: "Hello" },
];

describe("rows of chats", () => {
  it.each([
    [
      "messages",
      { messages: [{ role: "system", content: "Short." }, ...hello] },
      ["s: Short. | u: Hi | a: Hello"],
    ],
    [
      "messages with a tool",
      { messages: [...hello, { role: "tool", content: "4", name: "add" }, hello[1]], id: 7 },
      ["u: Hi | a: Hello | t: 4 | a: Hello"],
    ],
    [
      "ShareGPT",
      {
        conversations: [
          { from: "system", value: "S" },
          { from: "human", value: "Hi" },
          { from: "gpt", value: "Hello" },
        ],
      },
      ["s: S | u: Hi | a: Hello"],
    ],
    ["Alpaca with input", { instruction: "Add", input: "1 1", output: "2" }, ["u: Add\n\n1 1 | a: 2"]],
    ["Alpaca without input", { instruction: "Hi", input: "", output: "Hello" }, ["u: Hi | a: Hello"]],
    ["Alpaca with no field for input", { instruction: "Hi", output: "Hello" }, ["u: Hi | a: Hello"]],
    [
      "Self-Instruct",
      {
        instruction: "Add",
        instances: [
          { input: "1 1", output: "2" },
          { input: "", output: "?" },
        ],
      },
      ["u: Add\n\n1 1 | a: 2", "u: Add | a: ?"],
    ],
    ["prompt and completion", { prompt: "Hi", completion: "Hello" }, ["u: Hi | a: Hello"]],
    [
      "prompt and completion as messages",
      { prompt: [hello[0]], completion: [hello[1]] },
      ["u: Hi | a: Hello"],
    ],
  ])("%s", async (_, row, wanted) => {
    expect((await read(await put("row.jsonl", rows(row)))).map(short)).toEqual(wanted);
  });

  it("keep names and drop what is not of a message", async () => {
    const messages = [
      { ...hello[0], name: "Ann", weight: 1 },
      { ...hello[1], name: null },
    ];
    const [chat] = await read(await put("names.jsonl", rows({ messages })));
    expect(chat?.messages).toEqual([{ role: "user", content: "Hi", name: "Ann" }, hello[1]]);
  });

  it("come from files and globs in order, also compressed, with their lines", async () => {
    const row = { prompt: "Hi 🙂", completion: "好" };
    await put("set-b.jsonl", `\ufeff${rows(row)}\r\n\n${rows({ messages: hello })}\n`);
    await put("set-a.jsonl.gz", gzipSync(rows({ ...row, prompt: "first" })));
    const chats = await read(join(root, "set-*"));
    expect(chats.map(short)).toEqual(["u: first | a: 好", "u: Hi 🙂 | a: 好", "u: Hi | a: Hello"]);
    const sources = chats.map(({ source }) => basename(source));
    expect(sources).toEqual(["set-a.jsonl.gz:1", "set-b.jsonl:1", "set-b.jsonl:3"]);
  });
});

describe("chats in Parquet, as they lie on the Hub", () => {
  const list = (name: string): SchemaElement[] => [
    { name, repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
  ];
  const leaf = (name: string): SchemaElement => ({
    name,
    type: "BYTE_ARRAY",
    converted_type: "UTF8",
    repetition_type: "OPTIONAL",
  });
  const schema: SchemaElement[] = [
    { name: "root", num_children: 2 },
    ...list("messages"),
    { name: "element", repetition_type: "OPTIONAL", num_children: 3 },
    ...["role", "content", "name"].map(leaf),
    { name: "id", type: "INT64", repetition_type: "OPTIONAL" },
  ];
  const table = (messages: unknown[]) => {
    const id = messages.map((_, i) => BigInt(i));
    const columnData = [
      { name: "messages", data: messages },
      { name: "id", data: id },
    ];
    return new Uint8Array(parquetWriteBuffer({ columnData, schema, rowGroupSize: 2 }));
  };
  const unnamed = hello.map((message) => ({ ...message, name: null }));

  it("are lists of messages, in which null is nothing", async () => {
    const bytes = table([
      unnamed,
      unnamed,
      [...unnamed, { role: "user", content: "Bye", name: "Ada" }, unnamed[1]],
    ]);
    for (const file of [await put("chats.parquet", bytes), await put("chats.parquet.gz", gzipSync(bytes))]) {
      const chats = await read(file);
      expect(chats.map(short)).toEqual([
        "u: Hi | a: Hello",
        "u: Hi | a: Hello",
        "u: Hi | a: Hello | u: Bye | a: Hello",
      ]);
      expect(chats.map(({ source }) => source)).toEqual([1, 2, 3].map((row) => `${file}:${row}`));
      expect(chats[0].messages).toEqual(hello);
      expect(chats[2].messages[2]).toEqual({ role: "user", content: "Bye", name: "Ada" });
    }
  });

  it("are named by their row where they are bad", async () => {
    const file = await put(
      "bad.parquet",
      table([unnamed, null, [{ role: "user", content: null, name: null }]]),
    );
    await expect(read(file)).rejects.toThrow(/no conversation[\s\S]*bad\.parquet:2 has: id/);
    await expect(read(await put("none.parquet", "PAR1"))).rejects.toThrow(/Parquet file cannot be read/);
  });
});

describe("bad rows", () => {
  const user = { role: "user", content: "a" };
  const lines = [
    JSON.stringify({ messages: hello }),
    JSON.stringify({ text: "x" }),
    '{"messages": [',
    JSON.stringify({ messages: [user, user] }),
    JSON.stringify({ instruction: "Hi", instances: [{ output: "b" }, { input: "" }] }),
    JSON.stringify({ prompt: "\ud83d", completion: "x" }),
    JSON.stringify({ prompt: "Hi", completion: "Hello" }),
    JSON.stringify({ text: "y" }),
  ];
  const mixed = async () => {
    const latin = Buffer.concat([Buffer.from('\n{"prompt": "caf'), Buffer.from([0xe9]), Buffer.from('"}\n')]);
    await fs.mkdir(join(root, "mixed"), { recursive: true });
    await put("mixed/a.jsonl", Buffer.concat([Buffer.from(lines.join("\n")), latin]));
    await put("mixed/b.jsonl", "");
    await put("mixed/c.txt", "Hi");
    await put("mixed/d.csv", "Hi");
    return join(root, "mixed");
  };
  const wanted = [
    ["the file is of another kind", 1, ["d.csv"]],
    ["the row is no conversation", 2, ["a.jsonl:2 has: text", "a.jsonl:8 has: text"]],
    ["the line is not JSON", 1, [/^a\.jsonl:3: ./]],
    ["the roles of a conversation are out of order", 1, [/^a\.jsonl:4, message 2/]],
    ["a field of the row is missing", 1, [/^a\.jsonl:5, instances\[1\], output/]],
    ["a message holds half a surrogate pair", 1, [/^a\.jsonl:6, message 1/]],
    ["the line is not UTF-8 text", 1, [/^a\.jsonl:9: byte 0xe9 at byte offset \d+$/]],
    ["the file holds no rows", 1, ["b.jsonl"]],
    ["rows are read from tables", 1, ["c.txt"]],
  ] as const;

  it("are left out, counted and named with skipBad, in every reading alike", async () => {
    const folder = await mixed();
    const chats = readChats(folder, { skipBad: true });
    for (let reading = 0; reading < 2; reading++) {
      const found: string[] = [];
      for await (const chat of chats) found.push(short(chat));
      expect(found).toEqual(["u: Hi | a: Hello", "u: Hi | a: Hello"]);
      const left = chats.leftOut.map(({ what, count, places }) => [
        what,
        count,
        places.map((place) => place.slice(folder.length + 1)),
      ]);
      const patterns = wanted.map(([what, count, places]) => [
        what,
        count,
        places.map((place) => (typeof place === "string" ? place : expect.stringMatching(place))),
      ]);
      expect(left).toEqual(patterns);
    }
  });

  it("stop the reading, all counted, without it", async () => {
    const reading = read(await mixed());
    await expect(reading).rejects.toThrow(/^8 parts of the data cannot be used/);
    await expect(reading).rejects.toThrow(
      /2 where the row is no conversation \(.*a\.jsonl:2.*; .*a\.jsonl:8/,
    );
    await expect(reading).rejects.toThrow(/to do: .*skipBad$/);
  });

  it("are not looked for without end", async () => {
    const file = await put("wrong.jsonl", '{"text":"x"}\n'.repeat(5000));
    await expect(read(file)).rejects.toThrow(/no conversation[\s\S]*found: 1000 or more: .*:1 has.*; \.\.\./);
  });

  it("are an error also with skipBad where nothing else is there", async () => {
    const file = await put("wrong.jsonl", '{"text":"x"}\n'.repeat(5000));
    const all = (async () => {
      for await (const _ of readChats(file, { skipBad: true }));
    })();
    await expect(all).rejects.toThrow(/no conversation[\s\S]*found: 5000: /);
    await expect(read(await put("blank.jsonl", "\n\n"))).rejects.toThrow(/no rows[\s\S]*blank\.jsonl/);
  });

  it("can be found by the caller too, who then still gets all others", async () => {
    const file = await put(
      "three.jsonl",
      rows({ messages: hello }, { messages: hello }, { messages: hello }),
    );
    for (const skipBad of [true, false]) {
      const chats = readChats(file, { skipBad });
      let seen = 0;
      const reading = (async () => {
        for await (const { source } of chats) {
          if (++seen !== 2) chats.leaveOut(new ChatError("the template refuses it", source, "change it"));
        }
      })();
      if (skipBad) await reading;
      else await expect(reading).rejects.toThrow(/template refuses it[\s\S]*2: .*:1; .*:3/);
      expect(seen).toBe(3);
      expect(chats.leftOut).toMatchObject([{ what: "the template refuses it", count: 2 }]);
      expect(() => chats.leaveOut(new TypeError("a fault of the program"))).toThrow(TypeError);
    }
  });
});

describe("reading chats", () => {
  it("tells how far it is, and stops with the signal's reason", async () => {
    const row = `${JSON.stringify({ messages: hello })}\n`;
    const [first, second] = [await put("p-a.jsonl", row.repeat(20_000)), await put("p-b.jsonl", row)];
    const told: (number | undefined)[][] = [];
    const onProgress = (done: number, total?: number) => told.push([done, total]);
    for await (const _ of readChats([first, second], { onProgress }));
    const total = row.length * 20_001;
    expect(told.length).toBeGreaterThanOrEqual(3);
    expect(told.at(-1)).toEqual([total, total]);
    expect(told.every(([done], i) => done! > (told[i - 1]?.[0] ?? 0))).toBe(true);

    const control = new AbortController();
    const reason = new Error("enough");
    let seen = 0;
    const reading = (async () => {
      for await (const _ of readChats(first, { signal: control.signal })) {
        if (++seen === 10) control.abort(reason);
      }
    })();
    await expect(reading).rejects.toBe(reason);
    expect(seen).toBe(10);
  });
});

describe("rows are refused with file and line", () => {
  const user = (content: unknown) => ({ role: "user", content });
  const cases: [string, unknown, RegExp, typeof DataError | typeof ChatError][] = [
    ["no known fields", { text: "x", id: 1 }, /no conversation[\s\S]*has: text, id/, DataError],
    ["no fields", {}, /has: none/, DataError],
    ["messages of another type", { messages: "Hi" }, /messages: "Hi"[\s\S]*a list of messages/, DataError],
    ["a message of another type", { messages: ["Hi"] }, /messages\[0\]: "Hi"/, DataError],
    [
      "a message without role",
      { messages: [{ content: "x" }] },
      /missing[\s\S]*messages\[0\]\.role/,
      DataError,
    ],
    [
      "content that is no text",
      { messages: [user(7)] },
      /wrong type[\s\S]*messages\[0\]\.content: 7/,
      DataError,
    ],
    [
      "a name that is no text",
      { messages: [{ ...user("x"), name: 7 }] },
      /messages\[0\]\.name: 7/,
      DataError,
    ],
    ["no output", { instruction: "Hi", input: "" }, /missing[\s\S]*, output: nothing/, DataError],
    ["input that is no text", { instruction: "Hi", input: 3, output: "x" }, /, input: 3/, DataError],
    ["no instances", { instruction: "Hi", instances: [] }, /, instances: \[\]/, DataError],
    [
      "an instance without output",
      { instruction: "Hi", instances: [{ input: "a", output: "b" }, { input: "" }] },
      /instances\[1\], output/,
      DataError,
    ],
    ["no instruction", { instances: [{ input: "", output: "b" }] }, /instances\[0\], instruction/, DataError],
    ["no completion", { prompt: "Hi" }, /, completion: nothing/, DataError],
    ["no messages", { messages: [] }, /no messages/, ChatError],
    ["roles out of order", { messages: [user("a"), user("b")] }, /:3, message 2: user after user/, ChatError],
    ["an unknown role", { messages: [{ role: "bot", content: "x" }] }, /unknown[\s\S]*"bot"/, ChatError],
    ["an empty answer", { instruction: "Hi", output: " " }, /says nothing/, ChatError],
    [
      "calls of tools beside the text",
      { messages: [user("a"), { role: "assistant", content: "b", tool_calls: [{ id: "1" }] }] },
      /messages\[1\]\.tool_calls: \[\{"id":"1"\}\]/,
      ChatError,
    ],
    ["nobody answers", { messages: [user("a")] }, /never speaks/, ChatError],
    ["half a surrogate pair", { prompt: "\ud83d", completion: "x" }, /half a surrogate pair/, ChatError],
  ];

  it.each(cases)("%s", async (_, row, message, kind) => {
    const file = await put("bad.jsonl", `${rows({ messages: hello })}\n\n${rows(row)}`);
    const reading = read(file);
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toHaveProperty("cause.name", kind.name);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toThrow(`${file}:3`);
    await expect(reading).rejects.toThrow(/\n {2}found: .+\n {2}to do: ./);
  });

  it("malformed JSON, other kinds of files, and none", async () => {
    await expect(
      read(await put("cut.jsonl", `${rows({ messages: hello })}\n{"messages": [`)),
    ).rejects.toThrow(/not JSON[\s\S]*cut\.jsonl:2/);
    await expect(read(await put("list.jsonl", "[1]"))).rejects.toThrow(/no JSON object[\s\S]*list\.jsonl:1/);
    await expect(read(await put("a.txt", "Hi"))).rejects.toThrow(/from tables[\s\S]*a\.txt/);
    await expect(read(join(root, "none.jsonl"))).rejects.toThrow(MissingFileError);
  });

  it("whatever they hold", async () => {
    const name = fc.constantFrom(
      "messages",
      "conversations",
      "instruction",
      "instances",
      "prompt",
      "completion",
    );
    const message = fc.record(
      {
        role: fc.constantFrom("user", "assistant", "system", "toString"),
        content: fc.string(),
        name: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const value = fc.oneof(fc.jsonValue(), fc.array(fc.oneof(message, fc.jsonValue())));
    const row = fc.oneof(fc.jsonValue(), fc.dictionary(name, value));
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(row, async (any) => {
        const file = await put("any.jsonl", JSON.stringify(any));
        const error: unknown = await read(file).then(
          () => undefined,
          (reason) => reason,
        );
        if (error === undefined) return;
        refused++;
        expect(error).toBeInstanceOf(DataError);
        expect((error as Error).message).toContain(file);
      }),
      { seed: 3, numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(400);
  });
});
