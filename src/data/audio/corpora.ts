/** The layouts of published corpora of speech. */
import { posix } from "node:path";
import { DataError } from "../../files/errors.js";
import { leftOutOf } from "../images/left-out.js";
import { type Listing, type Row, splitOf } from "./listing.js";
import { linesOf, type Place } from "./place.js";

/**
 * LibriSpeech: SPEAKER/CHAPTER/SPEAKER-CHAPTER.trans.txt with lines "ID TEXT" beside ID.flac, in folders of splits such as
 * dev-clean. [https://www.openslr.org/12]
 */
export async function libriSpeech(place: Place): Promise<Listing | undefined> {
  const lists = place.names.filter((name) => name.endsWith(".trans.txt"));
  if (lists.length === 0) return undefined;
  const rows: Row[] = [];
  for (const list of lists) {
    for (const [id, text] of keyedLines(await linesOf(place, list))) {
      const [speaker, chapter] = id.split("-");
      rows.push({ path: id, list, id, text, speaker, group: `${speaker}-${chapter}`, split: splitOf(list) });
    }
  }
  return { layout: "LibriSpeech", rows };
}

/**
 * LJSpeech: metadata.csv with lines "id|text|normalised text", without quotes, beside wavs/id.wav. The group is the book
 * of LJ001-0001. [https://keithito.com/LJ-Speech-Dataset]
 */
export async function ljSpeech(place: Place): Promise<Listing | undefined> {
  const rows: Row[] = [];
  for (const list of place.names.filter((name) => posix.basename(name) === "metadata.csv")) {
    const lines = (await linesOf(place, list)).filter((line) => line.trim() !== "");
    if (!lines[0]?.includes("|")) continue;
    for (const line of lines) {
      const [id, text = "", normalised] = line.split("|");
      const [said, group] = [normalised?.trim() || text, bookOf(id)];
      rows.push({ path: `wavs/${id}`, list, id, text: said, group, split: splitOf(list) });
    }
  }
  return rows.length > 0 ? { layout: "LJSpeech", rows } : undefined;
}

function bookOf(id: string): string | undefined {
  return /^([A-Z]+\d+)-\d+$/.exec(id)?.[1];
}

/**
 * Common Voice: train.tsv, dev.tsv and test.tsv, else validated.tsv, with the columns client_id, path and sentence and
 * without quotes, beside clips/. [https://commonvoice.mozilla.org]
 */
export async function commonVoice(place: Place): Promise<Listing | undefined> {
  const tables = new Map<string, string[]>();
  for (const name of place.names.filter((one) => one.endsWith(".tsv"))) {
    const lines = await linesOf(place, name);
    const isClips = ["client_id", "path", "sentence"].every((column) =>
      lines[0].split("\t").includes(column),
    );
    if (isClips) tables.set(name, lines);
  }
  if (tables.size === 0) return undefined;
  const named = (stems: string[]) =>
    [...tables].filter(([name]) => stems.includes(posix.basename(name, ".tsv")));
  const splits = named(["train", "dev", "test"]);
  const hasTraining = splits.some(([name]) => splitOf(name) === "train");
  const validated = named(["validated"]);
  const chosen = hasTraining ? splits : validated.length > 0 ? validated : [...tables];
  const unread = [...tables.keys()].filter((name) => !chosen.some(([one]) => one === name));
  return {
    layout: "Common Voice",
    rows: chosen.flatMap(([list, lines]) => clipsIn(list, lines, hasTraining)),
    leftOut: leftOutOf("table", "of Common Voice's beside those that are read", unread),
  };
}

function clipsIn(list: string, [header, ...lines]: readonly string[], hasTraining: boolean): Row[] {
  const columns = header.split("\t");
  const [speakerAt, pathAt, textAt] = ["client_id", "path", "sentence"].map((name) => columns.indexOf(name));
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const { [pathAt]: path = "", [textAt]: text, [speakerAt]: speaker } = line.split("\t");
      return { path: `clips/${path}`, list, text, speaker, split: hasTraining ? splitOf(list) : undefined };
    });
}

/**
 * Kaldi's data folders: wav.scp with lines "UTTERANCE PATH", and beside it text and utt2spk. [kaldi-asr.org, data_prep]
 * @throws DataError for commands in wav.scp, which are not run, and for recordings cut into segments.
 */
export async function kaldi(place: Place): Promise<Listing | undefined> {
  const lists = place.names.filter((name) => posix.basename(name) === "wav.scp");
  if (lists.length === 0) return undefined;
  const rows: Row[] = [];
  for (const list of lists) {
    const beside = (name: string) => posix.join(posix.dirname(list), name);
    if (await place.has(beside("segments"))) throw segmented(`${place.location}/${beside("segments")}`);
    const keyed = async (name: string) =>
      new Map((await place.has(beside(name))) ? keyedLines(await linesOf(place, beside(name))) : []);
    const [texts, speakers] = [await keyed("text"), await keyed("utt2spk")];
    for (const [id, path] of keyedLines(await linesOf(place, list))) {
      if (/^\||\|$/.test(path)) throw piped(`${place.location}/${list}, ${id}: ${path}`);
      rows.push({ path, list, id, text: texts.get(id), speaker: speakers.get(id), split: splitOf(list) });
    }
  }
  return { layout: "Kaldi", rows };
}

/** Lines of a key, spaces, and the rest. */
function keyedLines(lines: readonly string[]): [string, string][] {
  return lines.flatMap((line) => {
    const [, key, rest] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? [];
    return key === undefined ? [] : [[key, rest] satisfies [string, string]];
  });
}

function piped(found: string): DataError {
  return new DataError(
    "wav.scp names a command in the place of a file, which is not run",
    found,
    "write what the commands give into files, and name those",
  );
}

function segmented(found: string): DataError {
  return new DataError(
    "recordings cut into segments are not read",
    found,
    "cut them into a file for each utterance, with extract-segments for example, and remove the list of segments",
  );
}
