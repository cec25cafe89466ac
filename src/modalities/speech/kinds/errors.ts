/** How much of what is said a recogniser writes down wrongly. */
import { decodeAudio } from "../../../data/audio/decode.js";
import { openRecordings } from "../../../data/audio/recordings.js";
import { EvaluationError } from "../../../evaluation/errors.js";
import {
  type Confusion,
  confusions,
  errorRate,
  errorRatesBySpeaker,
  type Utterance,
} from "../../../evaluation/speech/error-rate.js";
import { kaldiMel } from "../../../features/audio/mel-settings.js";
import { normaliseTranscript } from "../../../features/tokenizer/normalise-transcript.js";
import type { Named, Output, Surroundings } from "../../modality.js";
import { openPreparedSpeech } from "../prepared.js";
import { hearingOf } from "./hearing.js";
import type { Measuring } from "./options.js";
import type { Saved } from "./saved.js";

const shownConfusions = 10;

/** A recording and what is said in it. */
interface Spoken {
  /** For messages. */
  readonly source: string;
  readonly reference: string;
  readonly speaker?: string;
  samples(): Promise<Float32Array>;
}

/** WER and CER over given recordings, or over those that the model's run holds out. */
export async function* measureErrors(
  named: Named<Saved<"recogniser">>,
  { data, ...decoding }: Measuring,
  around: Surroundings,
): AsyncGenerator<Output> {
  const saved = await named.open();
  const { spoken, leftOut } = data === undefined ? await heldOut(named) : await given(data, saved.language);
  const hear = await hearingOf(saved, decoding, around);
  const utterances: Utterance[] = [];
  for (const [done, { source, reference, speaker, samples }] of spoken.entries()) {
    around.signal?.throwIfAborted();
    around.onProgress?.("recordings", done, spoken.length);
    const { text: hypothesis } = await hear(await samples(), source);
    utterances.push({ reference, hypothesis, speaker });
  }
  const [words, letters] = (["word", "character"] as const).map((unit) => errorRate(utterances, unit));
  const mistaken = confusions(utterances, "word").slice(0, shownConfusions);
  const speakers = [...errorRatesBySpeaker(utterances, "word")];
  const figures = {
    metric: "wer",
    wer: words.rate,
    cer: letters.rate,
    words,
    letters,
    confusions: mistaken,
    leftOut,
    ...(speakers.length > 1
      ? { werBySpeaker: Object.fromEntries(speakers.map(([who, { rate }]) => [who, rate])) }
      : {}),
  };
  const { substitutions, deletions, insertions, length, emptyHypotheses } = words;
  const text = [
    `WER ${percent(words.rate)}, CER ${percent(letters.rate)} over ${utterances.length} recordings: of ${length} words ` +
      `${substitutions} wrong, ${deletions} missing, ${insertions} too many; ${emptyHypotheses} recordings left empty`,
    ...(leftOut.length > 0 ? [`left out: ${leftOut.join("; ")}`] : []),
    ...(mistaken.length > 0 ? [`most often: ${mistaken.map(inWords).join(", ")}`] : []),
    ...(speakers.length > 1
      ? [`WER by speaker: ${speakers.map(([who, { rate }]) => `${who} ${percent(rate)}`).join(", ")}`]
      : []),
  ].join("\n");
  yield { kind: "figures", figures, text };
}

/** Recordings with texts, and what of the others is left out, a phrase each. */
interface Reference {
  readonly spoken: readonly Spoken[];
  readonly leftOut: readonly string[];
}

async function heldOut({ name, folder }: Named): Promise<Reference> {
  const prepared = await openPreparedSpeech(folder.folder("data")).catch((cause: Error) => {
    throw new EvaluationError(
      "there are no recordings to measure the model on",
      `${name} has none: ${cause.message.split("\n")[0]}`,
      "give --data: recordings with texts",
      { cause },
    );
  });
  const { examples, read } = prepared.validation;
  const spoken = examples.map(({ id, text, speaker }, i) => ({
    source: id,
    reference: text ?? "",
    speaker,
    samples: () => read(i),
  }));
  return { spoken, leftOut: [] };
}

async function given(path: string, language: string | undefined): Promise<Reference> {
  const { recordings, leftOut } = await openRecordings(path);
  const spoken = recordings.filter(({ text }) => text !== undefined);
  if (spoken.length === 0) {
    throw new EvaluationError(
      "there are no texts to compare with",
      `none of ${recordings.length} recordings in ${path} has one`,
      "give recordings with a .txt beside each, or a table of them",
    );
  }
  const without = recordings.length - spoken.length;
  return {
    spoken: spoken.map(({ text, speaker, source, read }) => ({
      source,
      reference: normaliseTranscript(text!, { language }).text,
      speaker,
      samples: async () =>
        (await decodeAudio(await read(), source, { sampleRate: kaldiMel.sampleRate })).samples,
    })),
    leftOut: [...leftOut, ...(without > 0 ? [`${without} without a text`] : [])],
  };
}

const percent = (rate: number) => `${(100 * rate).toFixed(1)} %`;
const inWords = ({ reference, hypothesis, count }: Confusion) =>
  `${reference ?? "nothing"} heard as ${hypothesis ?? "nothing"} (${count})`;
