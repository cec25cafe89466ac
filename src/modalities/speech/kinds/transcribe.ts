/** What is said in recordings. */
import { AutodidactError } from "../../../core/errors.js";
import { decodeAudio } from "../../../data/audio/decode.js";
import { kaldiMel } from "../../../features/audio/mel-settings.js";
import { GenerationError } from "../../../generation/errors.js";
import { type Segment, segmentsOf } from "../../../generation/speech/segments.js";
import { toSrt, toTsv, toVerboseJson, toVtt } from "../../../generation/speech/subtitles.js";
import type { Transcript } from "../../../generation/speech/transcript.js";
import type { InputFile, Named, Output, Surroundings } from "../../modality.js";
import { hearingOf } from "./hearing.js";
import type { Transcribing } from "./options.js";
import type { Saved } from "./saved.js";

/** A recording's transcript, and how long it is, in seconds. */
interface Heard {
  readonly file: string;
  readonly transcript: Transcript;
  readonly segments: readonly Segment[];
  readonly duration: number;
}

/**
 * The transcript of each recording. Those that cannot be heard are told of when the others are done: throws
 * `AudioError` or `AudioFeatureError` for one, `GenerationError` for several.
 */
export async function* transcribe(
  named: Named<Saved<"recogniser">>,
  recordings: readonly InputFile[],
  { format, ...decoding }: Transcribing,
  around: Surroundings,
): AsyncGenerator<Output> {
  const saved = await named.open();
  const hear = await hearingOf(saved, decoding, around);
  const { sampleRate } = kaldiMel;
  const heard: Heard[] = [];
  const errors: AutodidactError[] = [];
  for (const { name, bytes } of recordings) {
    try {
      const { samples } = await decodeAudio(bytes, name, { sampleRate });
      const transcript = await hear(samples, name, (done) => {
        around.signal?.throwIfAborted();
        around.onProgress?.(`seconds of ${name}`, done / sampleRate, samples.length / sampleRate);
      });
      const duration = samples.length / sampleRate;
      heard.push({ file: name, transcript, segments: segmentsOf(transcript.words), duration });
    } catch (error) {
      if (!(error instanceof AutodidactError)) throw error;
      errors.push(error);
    }
  }
  if (heard.length > 0) {
    const results = heard.map((each) => ({
      file: each.file,
      confidence: each.transcript.confidence,
      ...toVerboseJson(each.transcript, { ...each, language: saved.language, withWords: true }),
    }));
    const text =
      format === "json" ? inJson(results) : heard.map((each) => written(format, each, heard)).join("\n");
    yield { kind: "figures", figures: { results }, text: text.trimEnd(), remark: surenessOf(heard) };
  }
  if (errors.length > 0) throw unheard(errors);
}

/** The first error, and how many more recordings could not be heard. */
function unheard([first, ...others]: readonly AutodidactError[]): AutodidactError {
  if (others.length === 0) return first;
  const values = `${first.values}; ${others.length} more: ${others.map(({ values }) => values).join("; ")}`;
  return new GenerationError(first.what, values, first.advice, { cause: first });
}

/** One result as itself, several as a list. */
function inJson(results: readonly object[]): string {
  return JSON.stringify(results.length === 1 ? results[0] : results, null, 2);
}

/** A transcript under the name of its file, where there are others. */
function written(
  format: Exclude<Transcribing["format"], "json">,
  { file, transcript, segments }: Heard,
  { length: files }: readonly Heard[],
): string {
  const forms = {
    text: () => transcript.text,
    srt: () => toSrt(segments),
    vtt: () => toVtt(segments),
    tsv: () => toTsv(segments),
  };
  return files > 1 ? `${file}:\n${forms[format]()}` : forms[format]();
}

function surenessOf(heard: readonly Heard[]): string {
  const words = heard.flatMap(({ transcript }) => transcript.words);
  if (words.length === 0) return "no words were heard";
  const unsure = words.filter(({ confidence }) => confidence < 0.5);
  const examples = unsure.slice(0, 5).map(({ text }) => text);
  return unsure.length === 0
    ? `sure of all ${words.length} words`
    : `unsure of ${unsure.length} of ${words.length} words, such as ${examples.join(", ")}`;
}
