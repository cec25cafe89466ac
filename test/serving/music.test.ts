/** What a model of music answers over HTTP. */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readMidi } from "../../src/data/music/midi.js";
import { writeMidi } from "../../src/data/music/write-midi.js";
import { choraleScore, gridOfScore } from "../../src/features/music/chorale-words.js";
import type { RunningServer } from "../../src/serving/http/server.js";
import { madeChorale } from "../made-chorales.js";
import { temporaryFolder } from "../temporary-folder.js";
import { serveSmallComposer } from "./small-composer.js";
import { errorOf, post } from "./start.js";

let server: RunningServer;
beforeAll(async () => {
  server = await serveSmallComposer(temporaryFolder());
});
afterAll(() => server.close());

const own = Int8Array.from(madeChorale(8, 3).flat());
const from = Buffer.from(writeMidi(choraleScore(own))).toString("base64");
const ask = (body: object) => post(`${server.url}/v1/music`, body);
const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());
const gridIn = async (response: Response) =>
  gridOfScore(readMidi(await bytesOf(response), "an answer").score).grid;
const beginning = (bytes: Uint8Array, count: number) =>
  Buffer.from(bytes.subarray(0, count)).toString("latin1");

describe("POST /v1/music", () => {
  it("writes so many bars, the same for the same seed", async () => {
    const body = { model: "small", bars: 1, seed: 5 };
    const [first, second] = [await ask(body), await ask(body)];
    expect([first.status, first.headers.get("content-type")]).toEqual([200, "audio/midi"]);
    expect(await bytesOf(first)).toEqual(await bytesOf(second));
  });

  it("goes on from a piece", async () => {
    const grid = await gridIn(await ask({ from, bars: 1, seed: 1 }));
    expect(grid.subarray(0, own.length)).toEqual(own);
    expect(grid.length).toBeGreaterThan(own.length);
  });

  it.each([
    ["wav", "audio/wav", 4, "RIFF"],
    ["png", "image/png", 4, "\x89PNG"],
    ["mp3", "audio/mpeg", 0, ""],
  ])("gives a piece as %s", async (format, type, count, signature) => {
    const response = await ask({ from, bars: 0, response_format: format });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, type]);
    const bytes = await bytesOf(response);
    expect(bytes.length).toBeGreaterThan(1000);
    expect(beginning(bytes, count)).toBe(signature);
  });

  it.each([
    ["more bars than anybody waits for", { bars: 65 }, "bars", /65|64/],
    ["bars that are not there", { from, infill: "3-4" }, "from", /bars 1 to 2/],
    ["a piece that is none", { from: "bm8gbXVzaWM=" }, "from", /MIDI/],
    ["nothing to write", { bars: 0 }, null, /--bars 0/],
    ["a form that is not written", { response_format: "ogg" }, "response_format", /mid/],
    ["an unknown field", { tune: 1 }, null, /tune/],
  ])("refuses %s", async (_, body, param, message) => {
    const error = await errorOf(await ask(body));
    expect(error.status).toBe(400);
    expect(error.message).toMatch(message);
    if (param) expect(error.param).toBe(param);
  });
});

it("answers OpenAI's client in words, as any decoder does", async () => {
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none" });
  const { choices } = await client.completions.create({
    ...{ model: "small", prompt: "<|endoftext|> Beat_1 Soprano_67", max_tokens: 3, temperature: 0 },
  });
  expect(choices[0].finish_reason).toBe("length");
});
