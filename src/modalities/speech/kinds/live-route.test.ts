import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { tone } from "../../../../test/sounds.js";
import { toPcm16 } from "../../../data/audio/pcm16.js";
import type { Word } from "../../../generation/speech/transcript.js";
import { startHost } from "../../../serving/http/server.js";
import { type Hear, liveRoute } from "./live-route.js";

afterEach(() => vi.restoreAllMocks());

/** Hears a word in every whole second. */
const hear: Hear = async (samples) =>
  Array.from({ length: Math.floor(samples.length / 16_000) }, (_, i): Word => {
    return { text: `w${i}`, start: i + 0.2, end: i + 0.8, confidence: 1, characters: 2 };
  });

/** Sends seconds of sound to a new server. */
async function serve(hearing: Hear = hear) {
  const route = liveRoute(hearing);
  const served = {
    ...{
      models: ["m"],
      routes: [route],
      facts: {},
      description: "",
      example: { path: route.path, body: {} },
    },
    hasFailed: async () => false,
    close: async () => {},
  };
  const limits = { bodyBytes: 2 ** 24, maxConcurrent: 2, maxQueue: 2 };
  const server = await startHost(served, { port: 0, limits, onFault: () => {} });
  onTestFinished(() => server.close(0));
  return async (query: Record<string, string>, seconds = 0, rate = 16_000, cut = 0) => {
    const url = `${server.url}/v1/audio/live?${new URLSearchParams({ session: "a-session", rate: `${rate}`, ...query })}`;
    const sound = new Uint8Array(toPcm16(tone(seconds, 500, rate).samples).buffer);
    const response = await fetch(url, { method: "POST", body: sound.subarray(cut) });
    return { status: response.status, ...((await response.json()) as Answer) };
  };
}

interface Answer {
  readonly settled: readonly { word: string; start: number; end: number }[];
  readonly open: readonly { word: string }[];
  readonly duration: number;
  readonly text: string;
  readonly segments: readonly object[];
  readonly words: readonly object[];
  readonly error: { message: string; param: string | null };
}

describe("POST /v1/audio/live", () => {
  it.each([16_000, 48_000, 44_100])("settles words as sound of %i comes, and ends with all", async (rate) => {
    const send = await serve();
    const first = await send({}, 2.1, rate);
    expect([first.settled, first.open.map(({ word }) => word)]).toEqual([[], ["w0", "w1"]]);
    expect((await send({}, 0.2, rate)).settled).toEqual([]);
    const second = await send({}, 1, rate);
    expect(second.settled).toEqual([
      { word: "w0", start: 0.2, end: 0.8 },
      { word: "w1", start: 1.2, end: 1.8 },
    ]);
    expect(second.open.map(({ word }) => word)).toEqual(["w2"]);
    const end = await send({ end: "true" }, 1, rate);
    expect(end.duration).toBeCloseTo(4.3, 3);
    expect(end.text).toBe("w0 w1 w2 w3");
    expect(end.words).toHaveLength(4);
    expect(end.segments).toEqual([{ start: 0.2, end: 3.8, text: end.text }]);
    expect((await send({}, 1.1, rate)).open).toHaveLength(1); // a new one under the old name
  });

  it("tells speakers apart, and takes no more than eight, until one has gone", async () => {
    const send = await serve();
    const now = vi.spyOn(performance, "now").mockReturnValue(0);
    for (let i = 0; i < 8; i++) expect((await send({ session: `session-${i}` }, 1.1)).open).toHaveLength(1);
    expect(await send({ session: "session-8" }, 1)).toMatchObject({
      status: 429,
      error: { message: expect.stringMatching(/too many speak at once/i) },
    });
    now.mockReturnValue(30_001);
    expect((await send({ session: "session-8" }, 1.1)).status).toBe(200);
  });

  it.each([
    ["a name that is too short", { session: "a" }, 1, 0, "session", /letters and digits/],
    ["a rate that is none", { rate: "fast" }, 1, 0, "rate", /samples of a second/],
    ["a rate that is too low", { rate: "100" }, 1, 0, "rate", /4000/],
    ["half a sample", {}, 1, 1, null, /31999 bytes/],
  ] as const)("refuses %s", async (_, query, seconds, cut, param, message) => {
    const send = await serve();
    expect(await send(query, seconds, 16_000, cut)).toMatchObject({
      status: 400,
      error: { param, message: expect.stringMatching(message) },
    });
  });

  it("refuses another rate than before, and sound before the last is answered", async () => {
    let answer = (_: readonly Word[]) => {};
    const send = await serve(() => new Promise((resolve) => (answer = resolve)));
    await send({}, 0.5);
    expect(await send({ rate: "8000" }, 0.5)).toMatchObject({ status: 400, error: { param: "rate" } });
    const waiting = send({}, 1);
    await vi.waitFor(async () => expect((await send({}, 0.1)).status).toBe(429));
    answer([]);
    expect((await waiting).status).toBe(200);
  });
});
