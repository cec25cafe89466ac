/** The measures of what models of sound draw, and the sentences that tell of them. */
import { percent } from "../../../core/quantities.js";
import { EvaluationError } from "../../../evaluation/errors.js";
import { classifierAccuracy } from "../../../evaluation/images/classifier-accuracy.js";
import { openEncoderFeatures } from "../../../evaluation/images/encoder-features.js";
import { type Features, featuresOf } from "../../../evaluation/images/features.js";
import { frechetDistance } from "../../../evaluation/images/frechet.js";
import { precisionRecall } from "../../../evaluation/images/precision-recall.js";
import { noteNumber, pitchOf } from "../../../evaluation/sound/pitch.js";
import type { Named, Output, Surroundings } from "../../modality.js";
import type { MeasureName, Measuring } from "../kinds/options.js";
import type { Saved } from "../kinds/saved.js";
import { faults } from "./faults.js";
import { copyCheck } from "./neighbours.js";
import {
  clipsOfRun,
  drawSounds,
  type Judge,
  type LabelledSound,
  openJudge,
  readBy,
  type Subject,
  soundsOf,
  spokenBy,
} from "./subject.js";

/** A measure's figures, and the sentence that tells them. */
interface Measured {
  readonly figures: Readonly<Record<string, unknown>>;
  readonly text: string;
}

const measures: Record<MeasureName, (subject: Subject) => Promise<Measured>> = {
  accuracy,
  frechet: (subject) =>
    comparing(subject, async ({ runtime }, drawn, test, train) => {
      const distance = await frechetDistance(runtime, drawn, test);
      const zero = await frechetDistance(runtime, train, test);
      return {
        figures: { frechetDistance: distance, trainAgainstTest: zero, multiple: distance / zero },
        text: `Frechet distance ${distance.toFixed(2)}, of as many clips learned from ${zero.toFixed(2)}: ${(distance / zero).toFixed(2)} times as far`,
      };
    }),
  "precision-recall": (subject) =>
    comparing(subject, async ({ runtime }, drawn, test, train) => {
      const ours = await precisionRecall(runtime, { real: test, generated: drawn });
      const clips = await precisionRecall(runtime, { real: test, generated: train });
      return {
        figures: { ...ours, train: clips },
        text:
          `precision ${ours.precision.toFixed(3)}, recall ${ours.recall.toFixed(3)}; ` +
          `of as many clips learned from ${clips.precision.toFixed(3)} and ${clips.recall.toFixed(3)}`,
      };
    }),
  neighbours: copyCheck,
  pitch,
  faults,
};

/** Draws sounds and measures them. */
export async function* measureSounds(
  metric: MeasureName,
  named: Named<Saved<"denoiser">>,
  flags: Measuring,
  around: Surroundings,
): AsyncGenerator<Output> {
  const clips = await clipsOfRun(named);
  const sound = spokenBy(clips.sound, flags.speaker);
  const subject = { ...clips, name: named.name, saved: await named.open(), sound, flags, around };
  const { figures, text } = await measures[metric](subject);
  yield { kind: "figures", figures: { metric, ...figures }, text };
}

/** How often a judge tells the class of the clips that its run held out. */
export async function* measureJudge(
  named: Named<Saved<"classifier">>,
  around: Surroundings,
): AsyncGenerator<Output> {
  const { sound } = await clipsOfRun(named);
  const judge = { name: named.name, saved: await named.open() };
  const { accuracy, count } = await heardRight(judge, await soundsOf(sound.validation), around);
  yield {
    kind: "figures",
    figures: { metric: "accuracy", accuracy, clips: count },
    text: `accuracy ${accuracy.toFixed(4)} on ${count} clips held out`,
  };
}

/** A measure between a judge's features of what is drawn, of clips held out, and of as many clips learned from. */
async function comparing(
  subject: Subject,
  measure: (around: Surroundings, drawn: Features, test: Features, train: Features) => Promise<Measured>,
): Promise<Measured> {
  const { around, sound } = subject;
  const { name, saved } = await openJudge(subject);
  const extractor = await openEncoderFeatures(around.runtime, saved.model.encoder, saved.weights, {
    source: name,
  });
  const { sounds, renderer } = await drawSounds(subject);
  const features = (some: readonly LabelledSound[]) => featuresOf(extractor, readBy(saved, some));
  const drawn = await features(sounds);
  const test = await features(await soundsOf(sound.validation));
  const train = await features(await soundsOf(sound.train, sounds.length));
  await extractor.release();
  const { figures, text } = await measure(around, drawn, test, train);
  return {
    figures: { ...figures, samples: drawn.n, clips: test.n, trainClips: train.n, judge: name, renderer },
    text: `${text}; ${drawn.n} sounds by ${renderer} against ${test.n} clips held out, by ${test.name}`,
  };
}

/** How often a judge hears the class that was asked for, and that of real clips held out. */
async function accuracy(subject: Subject): Promise<Measured> {
  const { name, saved, sound, around } = subject;
  const judge = await openJudge(subject);
  if (String(judge.saved.classes) !== String(saved.classes)) {
    throw new EvaluationError(
      "the judge does not tell these classes apart",
      `${judge.saved.classes.join(", ")} in ${judge.name}; ${saved.classes.join(", ") || "none"} here`,
      "give a run of sound-classifier on the same classes with --judge",
    );
  }
  const { sounds, renderer } = await drawSounds(subject);
  const drawn = await heardRight(judge, sounds, around);
  const clips = await heardRight(judge, await soundsOf(sound.validation), around);
  const perClass = saved.classes.map((label, i) => ({ class: label, ...drawn.ofClass(i) }));
  const worst = perClass
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => a.right / a.count - b.right / b.count);
  return {
    figures: {
      ...{ accuracy: drawn.accuracy, samples: drawn.count, judge: judge.name, renderer },
      ...{ clipAccuracy: clips.accuracy, clips: clips.count, perClass },
    },
    text:
      `${judge.name} hears the class that was asked for in ${percent(drawn.accuracy)} of ${drawn.count} sounds of ${name} ` +
      `by ${renderer}, and that of ${percent(clips.accuracy)} of ${clips.count} clips held out; ` +
      `least often ${worst[0].class}: ${worst[0].right} of ${worst[0].count}`,
  };
}

async function heardRight(
  { saved }: Judge,
  sounds: readonly LabelledSound[],
  { runtime }: Pick<Surroundings, "runtime">,
) {
  const labelled = sounds.filter(({ label }) => label >= 0);
  function* batches() {
    let first = 0;
    for (const images of readBy(saved, labelled)) {
      const rows = images.length / (saved.model.height * saved.model.width);
      yield { images, labels: Int32Array.from(labelled.slice(first, first + rows), ({ label }) => label) };
      first += rows;
    }
  }
  const { accuracy, count, right } = await classifierAccuracy(runtime, saved.model, saved.weights, batches());
  return {
    accuracy,
    count: labelled.length,
    ofClass: (label: number) => ({ count: count[label], right: right[label] }),
  };
}

/** Of classes that are notes: how often the pitch is within half a semitone of the class, in what is drawn and in clips. */
async function pitch(subject: Subject): Promise<Measured> {
  const { saved, sound } = subject;
  const notes = saved.classes.map(noteNumber);
  const stranger = saved.classes.find((_, i) => notes[i] === undefined);
  if (stranger !== undefined || notes.length === 0) {
    throw new EvaluationError(
      "pitch is measured of classes that are notes",
      stranger ?? "there are no classes",
      "use another --metric; notes are called as A0, D#4 or Eb4",
    );
  }
  const { sounds, renderer } = await drawSounds(subject);
  const shareOf = (some: readonly LabelledSound[]) => {
    const isRight = ({ samples, sampleRate, label }: LabelledSound) =>
      Math.abs(pitchOf(samples, sampleRate) - notes[label]!) <= 0.5;
    return some.filter(isRight).length / some.length;
  };
  const clips = await soundsOf(sound.validation);
  const [inTune, clipsInTune] = [shareOf(sounds), shareOf(clips)];
  return {
    figures: { inTune, samples: sounds.length, renderer, clipsInTune, clips: clips.length },
    text:
      `the pitch of ${percent(inTune)} of ${sounds.length} sounds by ${renderer} is within half a semitone of the note asked for, ` +
      `of ${percent(clipsInTune)} of ${clips.length} clips held out; by subharmonic summation over the first second`,
  };
}
