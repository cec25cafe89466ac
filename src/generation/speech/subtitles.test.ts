import { describe, expect, it } from "vitest";
import type { Segment } from "./segments.js";
import { toSrt, toTsv, toVerboseJson, toVtt } from "./subtitles.js";

const segment = (start: number, end: number, text: string): Segment => ({
  start,
  end,
  text,
  words: [],
  confidence: 0.5,
});
const segments = [
  segment(0, 1.2345, "hello"),
  segment(61.0004, 61.0004, "a --> b & <i>c\n\n d\t"),
  segment(359_999.9996, 360_001, "late"),
];

describe("subtitles", () => {
  it("are SubRip", () => {
    expect(toSrt(segments)).toBe(
      [
        "1\n00:00:00,000 --> 00:00:01,235\nhello\n",
        "2\n00:01:01,000 --> 00:01:01,001\na -> b & <i>c d\n",
        "3\n100:00:00,000 --> 100:00:01,000\nlate\n",
      ].join("\n"),
    );
  });

  it("are WebVTT", () => {
    expect(toVtt(segments)).toBe(
      [
        "WEBVTT\n",
        "00:00:00.000 --> 00:00:01.235\nhello\n",
        "00:01:01.000 --> 00:01:01.001\na --&gt; b &amp; &lt;i&gt;c d\n",
        "100:00:00.000 --> 100:00:01.000\nlate\n",
      ].join("\n"),
    );
  });

  it("are tab-separated", () => {
    expect(toTsv(segments)).toBe(
      "start\tend\ttext\n0\t1235\thello\n61000\t61001\ta --> b & <i>c d\n360000000\t360001000\tlate\n",
    );
  });

  it("may be none", () => {
    expect([toSrt([]), toVtt([]), toTsv([])]).toEqual(["", "WEBVTT\n", "start\tend\ttext\n"]);
  });
});

describe("verbose_json", () => {
  const word = { text: "hello", start: 0, end: 1.25, confidence: 0.5, characters: 5 };
  const transcript = { text: "hello", words: [word], confidence: 0.5 };

  it("has what is asked for and known", () => {
    expect(toVerboseJson(transcript, { duration: 2 })).toEqual({
      task: "transcribe",
      duration: 2,
      text: "hello",
    });
    const parts = { duration: 2, language: "english", segments: segments.slice(0, 1), withWords: true };
    expect(JSON.parse(JSON.stringify(toVerboseJson(transcript, parts)))).toEqual({
      task: "transcribe",
      language: "english",
      duration: 2,
      text: "hello",
      segments: [{ id: 0, start: 0, end: 1.2345, text: "hello", avg_logprob: Math.log(0.5) }],
      words: [{ word: "hello", start: 0, end: 1.25 }],
    });
  });
});
