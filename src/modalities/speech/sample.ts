import { percent } from "../../core/quantities.js";
import type { Runtime } from "../../core/runtime/session.js";
import { errorRate } from "../../evaluation/speech/error-rate.js";
import type { CtcVocabulary } from "../../features/tokenizer/ctc-vocabulary.js";
import { compileRecogniser } from "../../generation/speech/recogniser-session.js";
import { transcriptOf } from "../../generation/speech/transcript.js";
import type { SpeechRecogniser } from "../../models/speech-encoder.js";
import type { Weights } from "../../nn/weights.js";
import type { UtteranceSet } from "./utterances.js";

/** So many recordings are heard, at even distances; the first few are shown. */
const heardCount = 24;
const shownCount = 6;

/** Writes down some of the recordings, with the weights as they are: what was said, what was heard, and the errors. */
export async function transcriptSampler(
  runtime: Runtime,
  model: SpeechRecogniser,
  weights: Weights,
  { tokens }: CtcVocabulary,
  { audio, utterances }: UtteranceSet,
): Promise<() => Promise<{ text: string }>> {
  const session = await compileRecogniser(runtime, model, weights, { live: true });
  const count = Math.min(heardCount, utterances.length);
  const chosen = Array.from(
    { length: count },
    (_, i) => utterances[Math.floor(((i + 0.5) * utterances.length) / count)],
  );
  return async () => {
    const pairs: { reference: string; hypothesis: string }[] = [];
    for (const { number, text } of chosen) {
      const { text: hypothesis } = await transcriptOf(session.hear([await audio.read(number)]), tokens);
      pairs.push({ reference: text!, hypothesis });
    }
    const [words, letters] = (["word", "character"] as const).map((unit) => errorRate(pairs, unit));
    const silent = words.emptyHypotheses;
    const plateau =
      silent === count
        ? "; nothing is written yet: blanks come first, words when the loss falls further"
        : "";
    const lines = pairs
      .slice(0, shownCount)
      .map(({ reference, hypothesis }) => `${reference}\n  ${hypothesis}`);
    const rates = `WER ${percent(words.rate)}, CER ${percent(letters.rate)} of ${count}, ${silent} empty${plateau}`;
    return { text: `${rates}\n${lines.join("\n")}` };
  };
}
