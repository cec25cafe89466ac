/** How much of what is said a recogniser writes down wrongly. */
import { percent } from "../../../core/quantities.js";
import { decodePieces } from "../../../data/audio/decode.js";
import { openRecordings } from "../../../data/audio/recordings.js";
import { EvaluationError } from "../../../evaluation/errors.js";
import { baselineOf, mostFrequentWord } from "../../../evaluation/speech/baselines.js";
import {
  type Confusion,
  confusions,
  type ErrorRate,
  errorRate,
  errorRatesBySpeaker,
  type Utterance,
} from "../../../evaluation/speech/error-rate.js";
import { kaldiMel } from "../../../features/audio/mel-settings.js";
import { normaliseTranscript } from "../../../features/tokenizer/normalise-transcript.js";
import type { Emissions } from "../../../generation/speech/emissions.js";
import type { Sound } from "../../../generation/speech/long-audio.js";
import { transcriptOf } from "../../../generation/speech/transcript.js";
import type { Named, Output, Surroundings } from "../../modality.js";
import { openPreparedSpeech } from "../prepared.js";
import { emittingOf, searchOf } from "./hearing.js";
import type { Measuring } from "./options.js";
import type { Saved } from "./saved.js";

const shownConfusions = 10;

/** A recording and what is said in it. */
interface Spoken {
  /** For messages. */
  readonly source: string;
  readonly reference: string;
  readonly speaker?: string;
  sound(): Sound;
}

/**
 * WER and CER over given recordings, or over those that the model's run holds out. Beside them stands what is written without
 * hearing, and where hypotheses are ranked, what the best of each frame gives.
 */
export async function* measureErrors(
  named: Named<Saved<"recogniser">>,
  { data, ...decoding }: Measuring,
  around: Surroundings,
): AsyncGenerator<Output> {
  const saved = await named.open();
  const { spoken, leftOut } = data === undefined ? await heldOut(named) : await given(data, saved.language);
  const { tokens } = saved.vocabulary!;
  const search = searchOf(saved, decoding);
  const emit = await emittingOf(saved, around);
  const utterances: Utterance[] = [];
  const greedily: Utterance[] = [];
  for (const [done, { source, reference, speaker, sound }] of spoken.entries()) {
    around.signal?.throwIfAborted();
    around.onProgress?.("recordings", done, spoken.length);
    const emissions: Emissions[] = [];
    for await (const part of emit(sound(), source)) emissions.push(part);
    const { text: hypothesis } = await transcriptOf(emissions, tokens, search);
    utterances.push({ reference, hypothesis, speaker });
    if (search) greedily.push({ reference, hypothesis: (await transcriptOf(emissions, tokens)).text });
  }
  const references = spoken.map(({ reference }) => reference);
  const baselines = [mostFrequentWord(references), ""].map((text) => baselineOf(text, references));
  const { words, letters } = ratesOf(utterances);
  const greedy = search && ratesOf(greedily);
  const mistaken = confusions(utterances, "word").slice(0, shownConfusions);
  const speakers = [...errorRatesBySpeaker(utterances, "word")];
  const figures = {
    metric: "wer",
    wer: words.rate,
    cer: letters.rate,
    words,
    letters,
    ...(greedy && { greedy: { wer: greedy.words.rate, cer: greedy.letters.rate } }),
    baselines: baselines.map(({ text, words, letters }) => ({ text, wer: words.rate, cer: letters.rate })),
    confusions: mistaken,
    leftOut,
    ...(speakers.length > 1
      ? { werBySpeaker: Object.fromEntries(speakers.map(([who, { rate }]) => [who, rate])) }
      : {}),
  };
  const { substitutions, deletions, insertions, length, emptyHypotheses } = words;
  const text = [
    `${inPercent({ words, letters })} over ${utterances.length} recordings: of ${length} words ` +
      `${substitutions} wrong, ${deletions} missing, ${insertions} too many; ${emptyHypotheses} recordings left empty`,
    ...(greedy ? [`the best of each frame, unranked: ${inPercent(greedy)}`] : []),
    ...baselines.map((baseline) => `always ${baseline.text || "nothing"}: ${inPercent(baseline)}`),
    ...(leftOut.length > 0 ? [`left out: ${leftOut.join("; ")}`] : []),
    ...(mistaken.length > 0 ? [`most often: ${mistaken.map(inWords).join(", ")}`] : []),
    ...(speakers.length > 1
      ? [`WER by speaker: ${speakers.map(([who, { rate }]) => `${who} ${percent(rate)}`).join(", ")}`]
      : []),
  ].join("\n");
  yield { kind: "figures", figures, text };
}

type Rates = Readonly<Record<"words" | "letters", ErrorRate>>;

const ratesOf = (utterances: readonly Utterance[]): Rates => ({
  words: errorRate(utterances, "word"),
  letters: errorRate(utterances, "character"),
});
const inPercent = ({ words, letters }: Rates) => `WER ${percent(words.rate)}, CER ${percent(letters.rate)}`;

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
    async *sound() {
      yield await read(i);
    },
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
      async *sound() {
        const pieces = decodePieces(await read(), source, { sampleRate: kaldiMel.sampleRate });
        for await (const { samples } of pieces) yield samples;
      },
    })),
    leftOut: [...leftOut, ...(without > 0 ? [`${without} without a text`] : [])],
  };
}

const inWords = ({ reference, hypothesis, count }: Confusion) =>
  `${reference ?? "nothing"} heard as ${hypothesis ?? "nothing"} (${count})`;
