/** Whether what is drawn is damaged, as a listener would say. */
import { percent } from "../../../core/quantities.js";
import { levelled } from "../../../features/audio/clip.js";
import { integratedLoudness, soundFaults } from "../../../features/audio/loudness.js";
import { finished } from "../kinds/draw.js";
import { drawSounds, type LabelledSound, type Subject, soundsOf } from "./subject.js";

/** Loudness, offset, clipping and clicks of sounds as `generate` writes them, and of clips held out as loud as their peak. */
export async function faults(subject: Subject) {
  const { sounds, renderer } = await drawSounds(subject);
  const drawn = faultsOf(
    sounds.map((sound) => ({ ...sound, samples: finished(sound.samples, subject.saved) })),
  );
  const clips = faultsOf(
    (await soundsOf(subject.sound.validation)).map((sound) => ({
      ...sound,
      samples: levelled(sound.samples) ?? sound.samples,
    })),
  );
  return {
    figures: { samples: sounds.length, renderer, drawn, clips },
    text: `${sounds.length} sounds by ${renderer}: ${inWords(drawn)}\nclips held out: ${inWords(clips)}`,
  };
}

function faultsOf(sounds: readonly LabelledSound[]) {
  const loudness = sounds.map(({ samples, sampleRate }) => integratedLoudness([samples], sampleRate));
  const each = sounds.map(({ samples, sampleRate }) => soundFaults(samples, sampleRate));
  const heard = loudness.filter(Number.isFinite).toSorted((a, b) => a - b);
  const share = (isFaulty: (fault: (typeof each)[number]) => boolean) =>
    each.filter(isFaulty).length / each.length;
  return {
    silent: (loudness.length - heard.length) / loudness.length,
    loudness: heard[Math.floor(heard.length / 2)],
    greatestOffset: Math.max(...each.map(({ dc }) => Math.abs(dc))),
    clipped: share(({ clipped }) => clipped > 0),
    clicking: share(({ clicks }) => clicks > 0),
  };
}

const inWords = ({ silent, loudness, greatestOffset, clipped, clicking }: ReturnType<typeof faultsOf>) =>
  `${loudness === undefined ? "no loudness" : `${loudness.toFixed(1)} LUFS in the middle`}, offset at most ${greatestOffset.toFixed(4)}; ` +
  `${percent(silent)} silent, ${percent(clipped)} clipped, ${percent(clicking)} with a click`;
