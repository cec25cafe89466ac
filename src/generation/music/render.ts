import type { Score } from "../../data/music/score.js";
import { endOf, secondsAt } from "../../data/music/score-time.js";
import { writeMidi } from "../../data/music/write-midi.js";
import { GenerationError } from "../errors.js";
import { playOrgan, type Stereo } from "./organ.js";

/** What plays, and how finely. */
export interface RenderOptions {
  /** A soundfont's bytes: SF2, SF3 or DLS. Default: a small organ. */
  readonly soundfont?: Uint8Array;
  /** Samples of one second. */
  readonly sampleRate?: number;
}

/** For notes to die away. */
const TAIL_SECONDS = 2;
const MAX_SECONDS = 3600;
/** 1 dB under full scale. */
const PEAK = 10 ** (-1 / 20);
const BLOCK = 512;

/**
 * A score as sound of two channels, its loudest sample 1 dB under full scale, without reverberation. It begins with the
 * score's first tick and ends two seconds after its last note.
 * @throws GenerationError for a soundfont that cannot be read, and for music of over an hour.
 */
export async function renderScore(
  score: Score,
  { soundfont, sampleRate = 44_100 }: RenderOptions = {},
): Promise<Stereo> {
  const seconds = secondsAt(score)(endOf(score)) + TAIL_SECONDS;
  if (seconds > MAX_SECONDS) {
    const advice = `render at most ${MAX_SECONDS / 60} minutes, or look for a note far behind the others`;
    throw new GenerationError("the music is too long to render", `${Math.round(seconds)} s`, advice);
  }
  const samples = Math.ceil(seconds * sampleRate);
  const sound = { left: new Float32Array(samples), right: new Float32Array(samples) };
  if (soundfont) await playSoundfont(score, soundfont, sound, sampleRate);
  else playOrgan(score, sound, sampleRate);
  return scaled(sound);
}

async function playSoundfont(
  score: Score,
  soundfont: Uint8Array,
  { left, right }: Stereo,
  sampleRate: number,
) {
  const synthesis = await import("spessasynth_core");
  const processor = new synthesis.SpessaSynthProcessor(sampleRate, {
    effectsEnabled: false, // they take three times the time of the notes
    eventsEnabled: false,
    maxBufferSize: BLOCK,
  });
  try {
    const bank = synthesis.SoundBankLoader.fromArrayBuffer(alone(soundfont));
    processor.soundBankManager.addSoundBank(bank, "main");
    await processor.processorInitialized;
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new GenerationError("the soundfont cannot be read", found, "give a .sf2, .sf3 or .dls file", {
      cause,
    });
  }
  const sequencer = new synthesis.SpessaSynthSequencer(processor);
  sequencer.skipToFirstNoteOn = false;
  sequencer.loopCount = 0;
  sequencer.loadNewSongList([synthesis.BasicMIDI.fromArrayBuffer(alone(writeMidi(score)))]);
  sequencer.play();
  for (let at = 0; at < left.length; at += BLOCK) {
    sequencer.processTick();
    processor.process(left, right, at, Math.min(BLOCK, left.length - at));
  }
}

/** Bytes in a buffer of their own. */
function alone(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function scaled(sound: Stereo): Stereo {
  const channels = [sound.left, sound.right];
  const peak = channels.reduce(
    (most, samples) => samples.reduce((m, s) => Math.max(m, Math.abs(s)), most),
    0,
  );
  if (peak === 0) return sound;
  for (const samples of channels) for (let i = 0; i < samples.length; i++) samples[i] *= PEAK / peak;
  return sound;
}
