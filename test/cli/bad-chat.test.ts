/** Bad conversations, preferences and base models get an error of three parts, and no run is begun. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { writeData, writeFile, writePretrained } from "../finetuning.js";
import { fileOf } from "../plain-safetensors.js";
import { temporaryFolder } from "../temporary-folder.js";
import { autodidact } from "./command-line.js";
import { refuse } from "./refuse.js";

const place = temporaryFolder();
const base = join(place, "base");
const copy = join(place, "copy");
const files = writeData(place);

beforeAll(async () => {
  await writePretrained(base);
});

const refused = (recipe: string, message: RegExp, ...flags: string[]) => {
  const from = flags.includes("--model.from") ? [] : ["--model.from", base];
  return refuse(place, message, ["train", recipe, "--out", join(place, "out"), ...from, ...flags]);
};

const row = (...turns: [string, string][]) => ({
  messages: turns.map(([role, content]) => ({ role, content })),
});
const good = row(["user", "a?"], ["assistant", "b!"]);

describe("conversations", () => {
  const rowsRefused = (message: RegExp, ...rows: (object | string)[]) => {
    const lines = rows.map((each) => (typeof each === "string" ? each : JSON.stringify(each))).join("\n");
    return refused("chat-sft", message, "--data.files", writeFile(place, "rows.jsonl", lines));
  };

  it.each<[string, RegExp, (object | string)[]]>([
    ["a line that is not JSON", /not JSON[\s\S]*rows\.jsonl:2/, [good, '{"messages": [']],
    ["a line that is no object", /no JSON object[\s\S]*rows\.jsonl:1/, ["[]", good]],
    [
      "a line of brackets",
      /not JSON[\s\S]*rows\.jsonl:2: .*levels deep/,
      [good, `{"messages":${"[".repeat(9e4)}${"]".repeat(9e4)}}`],
    ],
    [
      "half a surrogate pair",
      /surrogate[\s\S]*rows\.jsonl:1/,
      ['{"prompt":"\\ud83d","completion":"b"}', good],
    ],
    ["no conversation", /no conversation[\s\S]*rows\.jsonl:2 has: text, id/, [good, { text: "a", id: 1 }]],
    [
      "no content",
      /field of the row is missing[\s\S]*rows\.jsonl:1, messages\[0\]\.content/,
      [{ messages: [{ role: "user" }] }, good],
    ],
    ["no answer", /field of the row is missing[\s\S]*rows\.jsonl:2, output/, [good, { instruction: "a" }]],
    [
      "content of another type",
      /wrong type[\s\S]*rows\.jsonl:1, messages\[0\]\.content: 7/,
      [{ messages: [{ role: "user", content: 7 }] }],
    ],
    ["messages of another type", /wrong type[\s\S]*rows\.jsonl:1, messages: "a"/, [{ messages: "a" }]],
    [
      "an unknown role",
      /role of a message is unknown[\s\S]*rows\.jsonl:1, message 1: "human!"/,
      [row(["human!", "a"])],
    ],
    [
      "the assistant first",
      /roles of a conversation are out of order[\s\S]*rows\.jsonl:2, message 1: begins with assistant/,
      [good, row(["assistant", "b"])],
    ],
    [
      "two users in turn",
      /out of order[\s\S]*message 2: user after user/,
      [row(["user", "a"], ["user", "b"])],
    ],
    [
      "a late system message",
      /out of order[\s\S]*message 2: system after user/,
      [row(["user", "a"], ["system", "b"])],
    ],
    [
      "an empty answer",
      /assistant says nothing[\s\S]*rows\.jsonl:1, message 2/,
      [row(["user", "a"], ["assistant", " \n"])],
    ],
    ["no answer at all", /assistant never speaks[\s\S]*rows\.jsonl:1/, [row(["user", "a"])]],
    ["no rows", /file holds no rows[\s\S]*rows\.jsonl/, ["\n\n"]],
    ["one row", /too few examples[\s\S]*1 usable in .*rows\.jsonl/, [good]],
  ])("%s", (_, message, rows) => rowsRefused(message, ...rows));

  it("a file that is not there, and one of another kind", async () => {
    await refused("chat-sft", /no file matches[\s\S]*absent/, "--data.files", join(place, "absent.jsonl"));
    await refused("chat-sft", /from tables[\s\S]*text\.txt/, "--data.files", files.text);
  });
});

describe("preferences", () => {
  it.each<[string, RegExp, object[]]>([
    [
      "without an answer",
      /field of the row is missing[\s\S]*rows\.jsonl:1, rejected/,
      [{ prompt: "a", chosen: "b" }],
    ],
    [
      "with an empty answer",
      /assistant says nothing[\s\S]*rows\.jsonl:1, chosen, message 2/,
      [{ prompt: "a", chosen: "", rejected: "b" }],
    ],
    [
      "that end with the user",
      /two answers of the assistant[\s\S]*rows\.jsonl:1/,
      [{ chosen: [{ role: "user", content: "a" }], rejected: [{ role: "user", content: "b" }] }],
    ],
    [
      "whose answers are equal, all of them",
      /too few examples[\s\S]*0 usable in .*rows\.jsonl, 3 with equal answers/,
      ["a", "b", "c"].map((prompt) => ({ prompt, chosen: "same", rejected: "same" })),
    ],
  ])("%s", (_, message, rows) =>
    refused("chat-dpo", message, "--data.files", writeFile(place, "rows.jsonl", rows)),
  );
});

it("rows that cannot be used beside others that can are counted and told of", async () => {
  const rows = [
    ...["a", "b"].map((prompt) => ({ prompt, chosen: "yes", rejected: "no" })),
    { prompt: "c", chosen: "same", rejected: "same" },
    { prompt: "a", chosen: "yes", rejected: "no" },
    { prompt: "d", chosen: "x".repeat(50), rejected: "no" },
  ];
  const flags = {
    "model.from": base,
    "data.files": writeFile(place, "rows.jsonl", rows),
    "training.steps": 1,
    "training.batchSize": 1,
    "optimizer.schedule.warmupSteps": 0,
    "generation.maxTokens": 2,
  };
  const dotted = Object.entries(flags).flatMap(([key, value]) => [`--${key}`, String(value)]);
  const { code, stderr } = await autodidact("train", "chat-dpo", "--out", join(place, "whole"), ...dotted);
  expect(stderr).toContain(
    "left out: 1 with equal answers, 1 repeating an earlier row, 1 longer than a row of 48 tokens\n",
  );
  expect(stderr).toContain("1 preferences to learn from, 1 held out");
  expect(code).toBe(0);
});

describe("a base model", () => {
  beforeEach(() => {
    rmSync(copy, { recursive: true, force: true });
    cpSync(base, copy, { recursive: true });
  });
  const at = (name: string) => join(copy, name);
  const baseRefused = (message: RegExp, from = copy) =>
    refused("chat-sft", message, "--model.from", from, "--data.files", files.chat);
  const withHeader = (
    change: (header: Record<string, { shape: number[]; data_offsets: number[] }>) => void,
  ) => {
    const bytes = readFileSync(at("model.safetensors"));
    const length = Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.toString("utf8", 8, 8 + length));
    change(header);
    const rest = bytes.subarray(8 + length);
    writeFileSync(at("model.safetensors"), fileOf(JSON.stringify(header), rest));
  };
  const firstTensor = (header: Record<string, { data_offsets: number[] }>) =>
    Object.entries(header).find(([name]) => name !== "__metadata__")![1];

  it("with a chat template that does not parse", async () => {
    const config = JSON.parse(readFileSync(at("tokenizer_config.json"), "utf8"));
    writeFileSync(
      at("tokenizer_config.json"),
      JSON.stringify({ ...config, chat_template: "{% for message in messages %}{{ message.content" }),
    );
    await baseRefused(/chat template does not parse[\s\S]*chat_template in tokenizer_config\.json/);
  });

  it("with a chat template that fails over the rows", async () => {
    writeFileSync(at("chat_template.jinja"), "{{ raise_exception('no chats today') }}");
    await baseRefused(/refuses the conversation[\s\S]*chats\.jsonl:1: no chats today/);
  });

  it("cut short", async () => {
    const bytes = readFileSync(at("model.safetensors"));
    writeFileSync(at("model.safetensors"), bytes.subarray(0, bytes.length - 100));
    await baseRefused(/cut short[\s\S]*model\.safetensors: \d+ bytes; its header describes \d+/);
  });

  it("with a weight that is no number", async () => {
    const bytes = readFileSync(at("model.safetensors"));
    bytes.writeFloatLE(Number.NaN, bytes.length - 8);
    writeFileSync(at("model.safetensors"), bytes);
    await baseRefused(/not all finite[\s\S]*transformer\..* of .*copy/);
  });

  it("with a header that claims 2^60 bytes", async () => {
    const bytes = readFileSync(at("model.safetensors"));
    bytes.writeBigUInt64LE(2n ** 60n);
    writeFileSync(at("model.safetensors"), bytes);
    await baseRefused(/length of its header cannot be right[\s\S]*1152921504606846976 bytes in a file of/);
  });

  it("with offsets outside the file", async () => {
    withHeader((header) => {
      const { data_offsets } = firstTensor(header);
      for (const i of [0, 1]) data_offsets[i] += 9e6;
    });
    await baseRefused(/leaves a hole before it/);
  });

  it("with a last tensor that goes on beyond the end of the file", async () => {
    withHeader((header) => {
      const last = Object.values(header).at(-1)!;
      last.data_offsets[1] += 4 * 16 * 1e6;
      last.shape[0] += 1e6;
    });
    await baseRefused(/cut short[\s\S]*model\.safetensors: \d+ bytes; its header describes 64\d{6}/);
  });

  it("with a shape that its bytes do not fill", async () => {
    withHeader((header) => {
      firstTensor(header).data_offsets[1] -= 4;
    });
    await baseRefused(/do not fill its shape/);
  });

  it("as pytorch_model.bin only: why, and how to convert it", async () => {
    rmSync(at("model.safetensors"));
    writeFileSync(at("pytorch_model.bin"), "PK");
    await baseRefused(
      /can run code[\s\S]*pytorch_model\.bin[\s\S]*save_pretrained\(folder, safe_serialization=True\)/,
    );
  });

  it("with an index that leads out of the folder", async () => {
    rmSync(at("model.safetensors"));
    const index = { weight_map: { "transformer.wte.weight": "../base/model.safetensors" } };
    writeFileSync(at("model.safetensors.index.json"), JSON.stringify(index));
    await baseRefused(/index of the weights is damaged[\s\S]*"\.\.\/base\/model\.safetensors"/);
  });

  it("with a config that asks for what no decoder here does", async () => {
    const config = JSON.parse(readFileSync(at("config.json"), "utf8"));
    writeFileSync(at("config.json"), JSON.stringify({ ...config, scale_attn_by_inverse_layer_idx: true }));
    await baseRefused(/cannot do exactly[\s\S]*scale_attn_by_inverse_layer_idx: true/);
    writeFileSync(at("config.json"), JSON.stringify({ ...config, n_layer: 1e9 }));
    await baseRefused(/lacks a usable n_layer[\s\S]*1000000000/);
  });

  describe("of an unknown name", () => {
    beforeAll(() => {
      vi.stubEnv("HF_HUB_OFFLINE", "1");
      vi.stubEnv("HF_HUB_CACHE", join(place, "cache"));
    });
    afterAll(() => void vi.unstubAllEnvs());
    it("offline", () =>
      baseRefused(/not in the cache[\s\S]*nobody\/nothing@main[\s\S]*HF_HUB_OFFLINE/, "nobody/nothing"));
    it("that can be none", () =>
      baseRefused(/neither a folder nor the name of a model[\s\S]*\.\.\/nowhere\/model/, "../nowhere/model"));
    it("with a revision that can be none", () =>
      refused(
        "chat-sft",
        /not the name of a revision[\s\S]*"\.\.\/x"/,
        "--model.from",
        "gpt2",
        "--model.revision",
        "../x",
        "--data.files",
        files.chat,
      ));
  });
});
