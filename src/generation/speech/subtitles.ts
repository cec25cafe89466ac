import type { Segment } from "./segments.js";
import type { Transcript } from "./transcript.js";

/** SubRip. As in Whisper's writer, an arrow in the text is shortened: the format has no escapes. */
export function toSrt(segments: readonly Segment[]): string {
  const cues = cuesOf(segments).map(({ start, end, text }, i) => {
    const times = `${clock(start, ",")} --> ${clock(end, ",")}`;
    return `${i + 1}\n${times}\n${text.replaceAll("-->", "->")}\n`;
  });
  return cues.join("\n");
}

/** WebVTT (W3C): `&`, `<` and `>` of the text are escaped. */
export function toVtt(segments: readonly Segment[]): string {
  const cues = cuesOf(segments).map(
    ({ start, end, text }) => `\n${clock(start, ".")} --> ${clock(end, ".")}\n${escaped(text)}\n`,
  );
  return `WEBVTT\n${cues.join("")}`;
}

/** Whisper's tab-separated values: whole milliseconds. */
export function toTsv(segments: readonly Segment[]): string {
  const rows = cuesOf(segments).map(({ start, end, text }) => `${start}\t${end}\t${text}\n`);
  return `start\tend\ttext\n${rows.join("")}`;
}

/** What OpenAI's clients know as `verbose_json`. */
export interface VerboseTranscript {
  readonly task: "transcribe";
  readonly language?: string;
  /** In seconds, as all times. */
  readonly duration: number;
  readonly text: string;
  readonly segments?: readonly VerboseSegment[];
  readonly words?: readonly { readonly word: string; readonly start: number; readonly end: number }[];
}

/** `avg_logprob` is over characters. What Whisper alone has (seek, tokens, temperature, ...) is left out. */
export interface VerboseSegment {
  readonly id: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly avg_logprob: number;
}

/** What is said of a sound beside its transcript. */
export interface VerboseParts {
  readonly language?: string;
  /** Of the sound, in seconds. */
  readonly duration: number;
  readonly segments?: readonly Segment[];
  /** Whether words are listed, with their times. */
  readonly withWords?: boolean;
}

/** A transcript as `verbose_json`, with segments and words where they are asked for. */
export function toVerboseJson(
  { text, words }: Transcript,
  { language, duration, segments, withWords = false }: VerboseParts,
): VerboseTranscript {
  return {
    task: "transcribe",
    ...(language === undefined ? {} : { language }),
    duration,
    text,
    ...(segments && { segments: segments.map(verbose) }),
    ...(withWords && { words: words.map(({ text: word, start, end }) => ({ word, start, end })) }),
  };
}

function verbose({ start, end, text, confidence }: Segment, id: number): VerboseSegment {
  return { id, start, end, text, avg_logprob: Math.log(confidence) };
}

/** A segment in whole milliseconds, at least one long, its text on one line. */
interface Cue {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function cuesOf(segments: readonly Segment[]): Cue[] {
  return segments.map(({ start, end, text }) => {
    const from = Math.round(1000 * start);
    return {
      start: from,
      end: Math.max(from + 1, Math.round(1000 * end)),
      text: text.replace(/\s+/g, " ").trim(),
    };
  });
}

/** Hours may have more than two digits. */
function clock(milliseconds: number, separator: string): string {
  const padded = (value: number, length = 2) => String(value).padStart(length, "0");
  const seconds = Math.floor(milliseconds / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const time = parts.map((part) => padded(part)).join(":");
  return `${time}${separator}${padded(milliseconds % 1000, 3)}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
