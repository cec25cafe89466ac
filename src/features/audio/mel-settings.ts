/** All that decides what a log-mel spectrogram is: plain values, so that a model's folder can hold them. */
export interface MelSpectrogram {
  /** Samples of one second. */
  readonly sampleRate: number;
  /** Samples of one window; not more than `fftSize`, which is even. */
  readonly windowLength: number;
  /** Samples from one frame to the next. */
  readonly hop: number;
  readonly fftSize: number;
  /** Hann's is periodic; Povey's, of Kaldi, is a symmetric one to the power of 0.85. */
  readonly window: "povey" | "hann";
  /** How much of the sample before is taken from each sample of a window. */
  readonly preemphasis: number;
  /** Takes the mean of a window from its samples, before the pre-emphasis. */
  readonly removeDc: boolean;
  /** What samples from -1 to 1 are multiplied by. */
  readonly scale: number;
  /** Frame i begins at sample i * hop, or has its middle there, where both ends are mirrored. */
  readonly padding: "none" | "reflect";
  /** Leaves the last frame out, as Whisper does. */
  readonly dropLast: boolean;
  /** 1 for magnitudes, 2 for powers. */
  readonly power: 1 | 2;
  readonly bands: number;
  readonly melScale: "htk" | "slaney";
  /** Slaney's gives each triangle the area 1. */
  readonly filterNorm: "none" | "slaney";
  /** On which axis the sides of the triangles are straight. */
  readonly triangles: "mel" | "hertz";
  /** Where the first triangle begins, in hertz. */
  readonly fmin: number;
  /** Where the last triangle ends, in hertz. */
  readonly fmax: number;
  /** Natural, or Whisper's: log10, at most 8 under the greatest value, plus 4, by 4. */
  readonly log: "ln" | "whisper";
  /** The least energy of a band, before the logarithm. */
  readonly floor: number;
  /** Mean 0 and variance 1 (n - 1, plus 1e-7) of each band over the utterance, or values as they are. */
  readonly normalisation: "none" | "utterance";
}

/**
 * Kaldi's filter banks of 16 kHz, as torchaudio.compliance.kaldi.fbank and, with the normalisation,
 * Transformers' SeamlessM4TFeatureExtractor compute them.
 */
export const kaldiMel: MelSpectrogram = {
  sampleRate: 16000,
  windowLength: 400,
  hop: 160,
  fftSize: 512,
  window: "povey",
  preemphasis: 0.97,
  removeDc: true,
  scale: 32768,
  padding: "none",
  dropLast: false,
  power: 2,
  bands: 80,
  melScale: "htk",
  filterNorm: "none",
  triangles: "mel",
  fmin: 20,
  fmax: 8000,
  log: "ln",
  floor: 2 ** -23,
  normalisation: "utterance",
};

/** What OpenAI's Whisper hears, of 16 kHz (openai/whisper, audio.py), without its padding to 30 seconds. */
export const whisperMel: MelSpectrogram = {
  sampleRate: 16000,
  windowLength: 400,
  hop: 160,
  fftSize: 400,
  window: "hann",
  preemphasis: 0,
  removeDc: false,
  scale: 1,
  padding: "reflect",
  dropLast: true,
  power: 2,
  bands: 80,
  melScale: "slaney",
  filterNorm: "slaney",
  triangles: "hertz",
  fmin: 0,
  fmax: 8000,
  log: "whisper",
  floor: 1e-10,
  normalisation: "none",
};
