import { expect, it } from "vitest";
import { LiveTranscript } from "./live-transcript.js";
import type { Word } from "./transcript.js";

const RATE = 16_000;

/** Samples `from` up to `to` of a sound in which the word of second n is said from n + 0.1 to n + 0.7: they are n. */
function spoken(from: number, to: number): Float32Array {
  return Float32Array.from({ length: to - from }, (_, i) => Math.floor((from + i) / RATE));
}

/** Hears the words whose middle is there, with times in what is heard; the last is heard wrongly while it is not whole. */
async function hear(samples: Float32Array): Promise<Word[]> {
  const words: Word[] = [];
  for (let at = 0; at < samples.length; ) {
    const second = samples[at];
    let end = at;
    while (end < samples.length && samples[end] === second) end++;
    const start = (end === samples.length ? at : end - RATE) / RATE + 0.1;
    const isWhole = end - at === RATE;
    const isSilent = second % 100 >= 60; // from a minute on to a hundred seconds
    if (!isSilent && (isWhole || end - at > RATE / 2)) {
      words.push({
        text: isWhole ? `w${second}` : "hm",
        start: Math.max(0, start),
        end: start + 0.6,
        confidence: 0.9,
        characters: 2,
      });
    }
    at = end;
  }
  return words;
}

it("settles every word once, in its place, however the sound comes", async () => {
  for (const step of [5000, 36_800]) {
    const live = new LiveTranscript(hear);
    let shown = "";
    for (let at = 0; at < 121 * RATE; at += step) {
      const { settled, open } = await live.push(spoken(at, Math.min(121 * RATE, at + step)));
      shown += settled.map(({ text }) => `${text} `).join("");
      expect(open.length, `at ${at}`).toBeLessThan(6); // words do not wait for long
    }
    expect(live.duration).toBeCloseTo(121, 2);
    const { text, words, confidence } = await live.end();
    const said = Array.from({ length: 121 }, (_, i) => i).filter((second) => second % 100 < 60);
    expect(text).toBe(said.map((second) => `w${second}`).join(" "));
    expect(text.startsWith(shown.trim())).toBe(true);
    for (const [i, { start }] of words.entries()) expect(start).toBeCloseTo(said[i] + 0.1, 1);
    expect(confidence).toBeCloseTo(0.9, 12);
  }
});

it("hears no more than some seconds at once, and settles what never agrees", async () => {
  let [longest, times] = [0, 0];
  const live = new LiveTranscript(async (samples) => {
    longest = Math.max(longest, samples.length / RATE);
    return [
      { text: `x${times++}`, start: 0.1, end: samples.length / RATE - 0.1, confidence: 1, characters: 2 },
    ];
  });
  let settled = 0;
  for (let second = 0; second < 60; second++)
    settled += (await live.push(new Float32Array(RATE))).settled.length;
  expect(longest).toBeLessThan(20);
  expect(settled).toBeGreaterThan(0);
});

it("of less than a tenth of a second hears nothing", async () => {
  const live = new LiveTranscript(() => Promise.reject(new Error("too short")));
  expect(await live.push(new Float32Array(1599))).toEqual({ settled: [], open: [] });
  expect(await live.end()).toEqual({ text: "", words: [], confidence: 0 });
});

it("hears again what it could not hear", async () => {
  let fails = true;
  const live = new LiveTranscript((samples) => (fails ? Promise.reject(new Error("busy")) : hear(samples)));
  await expect(live.push(spoken(0, 3 * RATE))).rejects.toThrow("busy");
  fails = false;
  await live.push(spoken(3 * RATE, 5 * RATE));
  expect((await live.end()).text).toBe("w0 w1 w2 w3 w4");
});
