/** A small additive organ and some drums, for where there is no soundfont. */
import { randomStream } from "../../core/random.js";
import type { Note, Score } from "../../data/music/score.js";
import { secondsAt } from "../../data/music/score-time.js";

/** Samples of two channels. */
export interface Stereo {
  readonly left: Float32Array;
  readonly right: Float32Array;
}

/** Strengths of a tone's harmonics, the fundamental first. */
const HARMONICS = [1, 0.5, 0.3, 0.15, 0.1] as const;
const TABLE = 2048;
const [ATTACK, RELEASE] = [0.008, 0.04];
/** How far apart low and high notes are heard, from 0 to 1. */
const WIDTH = 0.6;
const [BASS_DRUMS, LAST_OF_SKINS] = [36, 50];
const DRUM_SECONDS = 0.4;

/** Adds the notes of a score to sound. What would last beyond its end is cut. */
export function playOrgan(score: Score, sound: Stereo, sampleRate: number): void {
  const seconds = secondsAt(score);
  const noise = noiseOf(sampleRate);
  const tables = HARMONICS.map((_, i) => tableOf(i + 1));
  for (const note of score.notes) {
    const [start, end] = [seconds(note.start), seconds(note.end)].map((at) => Math.round(at * sampleRate));
    if (note.isDrum) add(sound, note, start, drumOf(note.pitch, noise, sampleRate));
    else add(sound, note, start, toneOf(note.pitch, end - start, tables, sampleRate));
  }
}

/** Low notes to the left, high ones to the right, as a player hears a keyboard; loud ones by the square of velocity. */
function add({ left, right }: Stereo, { pitch, velocity }: Note, start: number, samples: Float32Array): void {
  const loudness = (velocity / 127) ** 2;
  const side = (WIDTH * (pitch - 64)) / 64;
  const [toLeft, toRight] = [Math.sqrt((1 - side) / 2) * loudness, Math.sqrt((1 + side) / 2) * loudness];
  const count = Math.min(samples.length, left.length - start);
  for (let i = 0; i < count; i++) {
    left[start + i] += samples[i] * toLeft;
    right[start + i] += samples[i] * toRight;
  }
}

function toneOf(pitch: number, length: number, tables: readonly Float32Array[], sampleRate: number) {
  const frequency = 440 * 2 ** ((pitch - 69) / 12);
  const audible = Math.min(tables.length, Math.max(1, Math.floor(sampleRate / 2 / frequency)));
  const [table, step] = [tables[audible - 1], (frequency * TABLE) / sampleRate];
  const [attack, release] = [ATTACK * sampleRate, RELEASE * sampleRate];
  const samples = new Float32Array(length + Math.ceil(release));
  for (let i = 0, at = 0; i < samples.length; i++, at += step) {
    const fade = Math.min(1, i / attack, (samples.length - i) / release);
    samples[i] = table[Math.floor(at) % TABLE] * fade;
  }
  return samples;
}

/** One period with the first so many harmonics. */
function tableOf(harmonics: number): Float32Array {
  return Float32Array.from({ length: TABLE }, (_, i) =>
    HARMONICS.slice(0, harmonics).reduce(
      (sum, strength, h) => sum + strength * Math.sin((2 * Math.PI * (h + 1) * i) / TABLE),
      0,
    ),
  );
}

function noiseOf(sampleRate: number): Float32Array {
  const stream = randomStream(0, "drums");
  return Float32Array.from({ length: Math.ceil(DRUM_SECONDS * sampleRate) }, () => 2 * stream.uniform() - 1);
}

/** By General MIDI's keys: a low thump, skins as noise that fades, metal as bright noise that fades sooner. */
function drumOf(pitch: number, noise: Float32Array, sampleRate: number): Float32Array {
  const isMetal = [42, 44, 46, 49].includes(pitch) || pitch > LAST_OF_SKINS;
  return noise.map((value, i) => {
    const seconds = i / sampleRate;
    if (pitch <= BASS_DRUMS) return Math.sin(2 * Math.PI * 60 * seconds) * Math.exp(-seconds / 0.07) * 2;
    return isMetal
      ? (value - (noise[i - 1] ?? 0)) * 0.4 * Math.exp(-seconds / 0.05)
      : value * Math.exp(-seconds / 0.08);
  });
}
