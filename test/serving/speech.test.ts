/** POST /v1/audio/speech of a model whose classes are words. */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeAudio } from "../../src/data/audio/decode.js";
import type { RunningServer } from "../../src/serving/http/server.js";
import { temporaryFolder } from "../temporary-folder.js";
import { serveSmallSpeaker, words } from "./small-speaker.js";
import { errorOf, post } from "./start.js";

let server: RunningServer;
let url: string;
const asked = { model: "small", input: "Two, snare drum!", voice: "ann", response_format: "wav", seed: 3 };
const soundOf = async (fields: object) =>
  new Uint8Array(await (await post(url, { ...asked, ...fields })).arrayBuffer());

beforeAll(async () => {
  server = await serveSmallSpeaker(temporaryFolder());
  url = `${server.url}/v1/audio/speech`;
});
afterAll(() => server.close());

describe("words are said", () => {
  it("one after another, whatever their case and with classes of several words whole", async () => {
    const response = await post(url, asked);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "audio/wav"]);
    const both = await decodeAudio(new Uint8Array(await response.arrayBuffer()), "both.wav");
    const one = await decodeAudio(await soundOf({ input: "two" }), "one.wav");
    expect(both.sampleRate).toBe(8000);
    // Two windows of 0.12 s between three pauses of 0.12 s; fades may be trimmed.
    expect(both.samples.length / 8000).toBeGreaterThan(0.5);
    expect(both.samples.length / 8000).toBeLessThan(0.7);
    expect(one.samples.length).toBeLessThan(0.8 * both.samples.length);
  });

  it("the same with the same seed, and others with another", async () => {
    const first = await soundOf({});
    expect(await soundOf({})).toEqual(first);
    expect(await soundOf({ seed: 4 })).not.toEqual(first);
    expect(await soundOf({ voice: "bob" })).not.toEqual(first);
  });

  it.each([
    ["mp3", "audio/mpeg"],
    [undefined, "audio/mpeg"],
  ])("as %s", async (form, type) => {
    const response = await post(url, { ...asked, response_format: form });
    expect(response.headers.get("content-type")).toBe(type);
    const { samples } = await decodeAudio(new Uint8Array(await response.arrayBuffer()), "words.mp3");
    expect(samples.length).toBeGreaterThan(4000);
  });

  it("as samples of 24 kHz, three times as many", async () => {
    const pcm = await soundOf({ response_format: "pcm" });
    const wav = await decodeAudio(await soundOf({}), "words.wav");
    expect(pcm.length).toBe(2 * 3 * wav.samples.length);
  });

  it("to OpenAI's own client", async () => {
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none" });
    const spoken = await client.audio.speech.create({ model: "small", input: "two", voice: "bob" });
    expect((await spoken.arrayBuffer()).byteLength).toBeGreaterThan(500);
  });

  it("and the server says which there are", async () => {
    const settings = await (await fetch(`${url}/settings`)).json();
    expect(settings).toEqual({ model: "small", words, voices: ["Ann", "bob"] });
  });
});

describe("refused with the field and what there is", () => {
  it.each([
    ["an unknown word", { input: "two three" }, "input", `"three". Give one of these: ${words.join(", ")}`],
    ["no word", { input: " ?! " }, "input", "give one of these"],
    ["an empty text", { input: "" }, "input", ""],
    ["an unknown voice", { voice: "alloy" }, "voice", "Ann, bob"],
    ["a form that is not written", { response_format: "opus" }, "response_format", "mp3, wav or pcm"],
    ["another speed", { speed: 1.5 }, "speed", "give 1"],
    ["a stream", { stream_format: "sse" }, "stream_format", "audio"],
    ["instructions", { instructions: "whisper" }, "instructions", "leave it out"],
  ])("%s", async (_, fields, param, message) => {
    const error = await errorOf(await post(url, { ...asked, ...fields }));
    expect(error).toMatchObject({ status: 400, param });
    expect(error.message.toLowerCase()).toContain(message.toLowerCase());
  });

  it("another model", async () => {
    expect((await errorOf(await post(url, { ...asked, model: "tts-1" }))).status).toBe(404);
  });
});

it("a model without voices has one, called default", async () => {
  const other = await serveSmallSpeaker(temporaryFolder(), []);
  const ask = (voice: string) => post(`${other.url}/v1/audio/speech`, { ...asked, voice });
  expect((await ask("default")).status).toBe(200);
  expect((await errorOf(await ask("alloy"))).message).toContain("default");
  await other.close();
});
