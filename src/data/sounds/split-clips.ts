import { counted } from "../../core/quantities.js";
import { DataError } from "../../files/errors.js";
import { heldOutKeys } from "../held-out-keys.js";
import type { Clip } from "./clips.js";

/** What is held out. */
export interface ClipSplitOptions {
  /** All clips of these speakers, and of these takes. */
  readonly heldOut?: { readonly speaker?: readonly string[]; readonly take?: readonly string[] };
  /** Where nothing else says: of each class, by the names of clips and the seed. */
  readonly validationFraction: number;
  readonly seed: number;
}

/** Clips to learn from and to validate with. */
export interface SplitClips {
  readonly train: readonly Clip[];
  readonly validation: readonly Clip[];
  /** Whether other clips validate than are learned from. */
  readonly isHeldOut: boolean;
  /** Which split it is, for the log. */
  readonly how: string;
}

/**
 * Clips apart: by speaker or take as asked for; else as the set itself says; else a share of each class, none of a class
 * with one clip. Of so few that nothing would be held out all are on both sides.
 * @throws DataError for speakers or takes that there are none of, or that are all.
 */
export function splitClips(clips: readonly Clip[], options: ClipSplitOptions): SplitClips {
  const { speaker = [], take = [] } = options.heldOut ?? {};
  if (speaker.length + take.length > 0) return bySpeakerOrTake(clips, speaker, take);
  const isTraining = ({ split }: Clip) => split === undefined || split === "train";
  const own = apart(clips, (clip) => !isTraining(clip), "by the set's own splits");
  if (Math.min(own.train.length, own.validation.length) > 0) return own;
  const held = heldOfClasses(clips, options);
  if (held.size > 0) {
    return apart(clips, ({ source }) => held.has(source), "a share of each class, by their names");
  }
  const how = "too few clips to hold some out: those that are learned from are validated with";
  return { train: clips, validation: clips, isHeldOut: false, how };
}

function bySpeakerOrTake(
  clips: readonly Clip[],
  speakers: readonly string[],
  takes: readonly string[],
): SplitClips {
  requireKnown("speaker", speakers, clips);
  requireKnown("take", takes, clips);
  const isHeld = ({ speaker = "", take = "" }: Clip) => speakers.includes(speaker) || takes.includes(take);
  const names = [
    ...(speakers.length > 0 ? [`speaker ${speakers.join(", ")}`] : []),
    ...(takes.length > 0 ? [`take ${takes.join(", ")}`] : []),
  ].join(" and ");
  const split = apart(clips, isHeld, names);
  if (split.train.length > 0) return split;
  throw new DataError(
    "no clips are left to learn from",
    `data.heldOut takes all ${clips.length}: ${names}`,
    "hold fewer out",
  );
}

function requireKnown(field: "speaker" | "take", asked: readonly string[], clips: readonly Clip[]): void {
  const known = new Set(clips.flatMap((clip) => clip[field] ?? []));
  const stranger = asked.find((name) => !known.has(name));
  if (stranger === undefined) return;
  throw new DataError(
    `there is no such ${field} to hold out`,
    `${JSON.stringify(stranger)} among ${[...known].sort().slice(0, 12).join(", ") || "none"}`,
    `give data.heldOut.${field} one of those; data.names says where it is in the names of clips`,
  );
}

function heldOfClasses(
  clips: readonly Clip[],
  { validationFraction, seed }: ClipSplitOptions,
): ReadonlySet<string> {
  const classes = new Map<string, Map<string, number>>();
  for (const { class: name = "", source } of clips) {
    const ofClass = classes.get(name) ?? new Map<string, number>();
    classes.set(name, ofClass.set(source, 1));
  }
  const held = [...classes.values()].flatMap((sizes) => {
    const room = Math.min(sizes.size - 1, Math.round(sizes.size * validationFraction));
    return room > 0 ? [...heldOutKeys(sizes, room, seed)] : [];
  });
  return new Set(held);
}

function apart(clips: readonly Clip[], isHeld: (clip: Clip) => boolean, how: string): SplitClips {
  const validation = clips.filter(isHeld);
  return {
    train: clips.filter((clip) => !isHeld(clip)),
    validation,
    isHeldOut: true,
    how: `held out ${how}: ${validation.length.toLocaleString("en")} of ${counted(clips.length, "clip")}`,
  };
}
