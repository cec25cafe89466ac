/** Transcripts as people and programs are given them. */
import { segmentsOf } from "../../../generation/speech/segments.js";
import { toSrt, toTsv, toVerboseJson, toVtt } from "../../../generation/speech/subtitles.js";
import type { Transcript } from "../../../generation/speech/transcript.js";
import type { Output } from "../../modality.js";
import type { Transcribing } from "./options.js";

/** A recording's transcript, and how long it is, in seconds. */
export interface Heard {
  readonly file: string;
  readonly transcript: Transcript;
  readonly duration: number;
}

/** Below it a word is unsure. */
const SURE = 0.5;
const SHOWN = 5;

/** All that was heard; of several recordings, `named`, each text stands under the name of its file. */
export function outputOf(
  heard: readonly Heard[],
  format: Transcribing["format"],
  language: string | undefined,
  named: boolean,
): Extract<Output, { kind: "figures" }> {
  const results = heard.map(({ file, transcript, duration }) => ({
    file,
    confidence: transcript.confidence,
    ...toVerboseJson(transcript, {
      ...{ duration, language, withWords: true },
      segments: segmentsOf(transcript.words),
    }),
  }));
  const text =
    format === "json"
      ? JSON.stringify(results.length === 1 ? results[0] : results, null, 2)
      : heard.map((each) => written(format, each, named)).join("\n");
  return { kind: "figures", figures: { results }, text: text.trimEnd(), remark: surenessOf(heard) };
}

/** A transcript, under the name of its file where there are others. */
export function written(
  format: Exclude<Transcribing["format"], "json">,
  { file, transcript }: Heard,
  named: boolean,
): string {
  const segments = segmentsOf(transcript.words);
  const forms = {
    text: () => transcript.text,
    srt: () => toSrt(segments),
    vtt: () => toVtt(segments),
    tsv: () => toTsv(segments),
  };
  return named ? `${file}:\n${forms[format]()}` : forms[format]();
}

function surenessOf(heard: readonly Heard[]): string {
  const words = heard.flatMap(({ transcript }) => transcript.words);
  if (words.length === 0) return "no words were heard";
  const unsure = words.filter(({ confidence }) => confidence < SURE);
  const examples = unsure.slice(0, SHOWN).map(({ text }) => text);
  return unsure.length === 0
    ? `sure of all ${words.length} words`
    : `unsure of ${unsure.length} of ${words.length} words, such as ${examples.join(", ")}`;
}
