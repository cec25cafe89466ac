/** What is said into the microphone, while it is said. */
import { microphone } from "../../../data/audio/microphone.js";
import { kaldiMel } from "../../../features/audio/mel-settings.js";
import { LiveTranscript } from "../../../generation/speech/live-transcript.js";
import { textOf } from "../../../generation/speech/transcript.js";
import type { Named, Output, Surroundings, UseRequest } from "../../modality.js";
import { outputOf } from "./heard.js";
import { hearingOf } from "./hearing.js";
import type { Transcribing } from "./options.js";
import type { Saved } from "./saved.js";

/**
 * The transcript of what is said until the signal comes; of text `onText` is told as it settles. Throws `AudioError` where
 * there is no microphone to be heard.
 */
export async function* listen(
  named: Named<Saved<"recogniser">>,
  { onText }: Pick<UseRequest, "onText">,
  { format, ...decoding }: Transcribing,
  around: Surroundings,
): AsyncGenerator<Output> {
  const saved = await named.open();
  const hear = await hearingOf(saved, decoding, around);
  const live = new LiveTranscript(async (samples) => (await hear([samples], "microphone")).words);
  const tell = format === "text" ? onText : undefined;
  let told = 0;
  for await (const samples of microphone(kaldiMel.sampleRate, around.signal)) {
    const { settled, open } = await live.push(samples);
    if (settled.length > 0) tell?.(`${told > 0 ? " " : ""}${textOf(settled)}`);
    told += settled.length;
    around.onProgress?.(
      `seconds heard${open.length > 0 ? `: ${textOf(open)}` : ""}`,
      Math.round(live.duration),
    );
  }
  const transcript = await live.end();
  const rest = transcript.words.slice(told);
  tell?.(`${told > 0 && rest.length > 0 ? " " : ""}${textOf(rest)}\n`);
  const heard = [{ file: "microphone", transcript, duration: live.duration }];
  const { text, ...output } = outputOf(heard, format, saved.language, false);
  yield tell ? output : { ...output, text };
}
