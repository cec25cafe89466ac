import { describe, expect, it } from "vitest";
import { roomSound } from "../../../test/room-sound.js";
import { GenerationError } from "../errors.js";
import { type Sound, spokenFor, type Window, windowsOf } from "./long-audio.js";

const RATE = 16_000;
/** Samples of a frame. */
const HOP = 320;

/** What no model would say: each frame its own number, where it stands in the whole. */
function numbered({ start, samples }: Window) {
  // As an encoder of Kaldi's frames of 25 ms, two to a step, has them.
  const frames = Math.floor((Math.floor((samples.length - 400) / 160) + 1) / 2);
  const data = Float32Array.from({ length: frames * 2 }, (_, i) => start / HOP + Math.floor(i / 2));
  return { data, frames, vocabulary: 2 };
}

async function windowsIn(sound: Sound): Promise<Window[]> {
  const windows: Window[] = [];
  for await (const window of windowsOf(sound)) windows.push(window);
  return windows;
}

/** All but the samples, of which it is told where they end in the whole. */
const bordersOf = ({ samples, ...window }: Window) => ({ ...window, end: window.start + samples.length });

describe("windows", () => {
  it("overlap by four seconds, of which each speaks for two", async () => {
    const windows = await windowsIn([roomSound(50, [])]);
    expect(windows.map(bordersOf)).toEqual([
      { start: 0, end: 20 * RATE, firstFrame: 0, endFrame: 18 * 50, isLast: false },
      { start: 16 * RATE, end: 36 * RATE, firstFrame: 18 * 50, endFrame: 34 * 50, isLast: false },
      { start: 32 * RATE, end: 50 * RATE, firstFrame: 34 * 50, endFrame: 50 * 50, isLast: true },
    ]);
  });

  it("are the same however the sound comes, and hold no more than a window and a piece", async () => {
    const samples = roomSound(45, [
      [1, 15],
      [16, 44],
    ]);
    const whole = await windowsIn([samples]);
    expect(whole.length).toBe(3);
    for (const size of [9999, 500_000]) {
      let given = 0;
      function* pieces() {
        for (; given < samples.length; given += size) yield samples.subarray(given, given + size);
      }
      const windows: Window[] = [];
      for await (const window of windowsOf(pieces())) {
        // A second is awaited behind a window, so that the last is no shorter.
        expect(given - window.start).toBeLessThanOrEqual(21 * RATE + size);
        const { start, samples: part } = window;
        expect(part.every((value, i) => value === samples[start + i])).toBe(true);
        windows.push(window);
      }
      expect(windows.map(bordersOf)).toEqual(whole.map(bordersOf));
    }
  });

  it("are cut at a pause near the end of one", async () => {
    const samples = roomSound(45, [
      [0, 16],
      [17, 20.5],
      [20.7, 45],
    ]);
    const [first, second, third] = await windowsIn([samples]);
    const cut = first.endFrame / 50;
    expect(cut).toBeGreaterThan(16.1);
    expect(cut).toBeLessThan(17);
    expect(bordersOf(first).end).toBe(second.start + 2 * HOP);
    expect(second).toMatchObject({
      start: cut * RATE,
      firstFrame: first.endFrame,
      endFrame: first.endFrame + 900,
    });
    expect(third.start).toBe(second.start + 16 * RATE);
  });

  it.each([
    ["noise alone", roomSound(37, [])],
    [
      "speech with pauses",
      roomSound(43, [
        [1, 15],
        [16, 30],
        [31.5, 43],
      ]),
    ],
    ["one window", roomSound(12, [[1, 2]])],
    [
      "a little more than a window",
      roomSound(20.25, [
        [0, 19],
        [19.8, 20.2],
      ]),
    ],
  ])("speak for every frame once: %s", async (_, samples) => {
    const parts = (await windowsIn([samples])).map((window) => spokenFor(window, numbered(window)));
    const spoken = parts.flatMap(({ data, frames }) =>
      Array.from({ length: frames }, (_, frame) => data[2 * frame]),
    );
    const frames = spoken.length;
    expect(spoken).toEqual(Array.from({ length: frames }, (_, frame) => frame));
    const missing = samples.length / HOP - frames; // the last encoder frame wants samples after it
    expect(missing).toBeGreaterThanOrEqual(0);
    expect(missing).toBeLessThan(2);
  });

  it("are never longer than twenty seconds nor shorter than one", async () => {
    for (const [gap, seconds] of [
      [19.4, 20.1],
      [18.2, 19.3],
      [19.5, 21],
    ].entries()) {
      const samples = roomSound(21, [
        [0, seconds[0]],
        [seconds[1], 21],
      ]);
      for (const { samples: part } of await windowsIn([samples])) {
        expect(part.length, `gap ${gap}`).toBeLessThanOrEqual(20 * RATE);
        expect(part.length, `gap ${gap}`).toBeGreaterThanOrEqual(RATE);
      }
    }
  });

  it("refuse emissions that end too soon, but for the last", async () => {
    const [window, last] = await windowsIn([roomSound(30, [])]);
    const emissions = { data: new Float32Array(2 * 500), frames: 500, vocabulary: 2 };
    expect(() => spokenFor(window, emissions)).toThrow(GenerationError);
    expect(() => spokenFor(window, emissions)).toThrow(/500 frames of 900/);
    expect(spokenFor(last, emissions).frames).toBe(400);
  });
});
