import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { zipOf } from "../../../test/image-sets.js";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { DataError, MissingFileError } from "../../files/errors.js";
import { Reading } from "../reading.js";
import { musicPieces } from "./music-files.js";
import { writeMidi } from "./write-midi.js";

const root = temporaryFolder();

/** A piece of one note. */
const tone = (pitch: number) =>
  Buffer.from(
    writeMidi({
      ticksPerBeat: 480,
      notes: [{ start: 0, end: 480, pitch, velocity: 80, program: 0, isDrum: false }],
      tempos: [],
      timeSignatures: [],
    }),
  );
const beats = "0.5 1.0 1.0\n1.0 0.0 0.0\n";
const files = {
  "a/one.mid": tone(60),
  "a/beat_midi.txt": Buffer.from(beats),
  "b/two.MIDI": tone(62),
  "b/again.mid": tone(60),
  "b/notes.txt": Buffer.from("words"),
};

function folderOf(name: string, contents: Record<string, Buffer> = files): string {
  for (const [path, bytes] of Object.entries(contents)) {
    mkdirSync(join(root, name, path, ".."), { recursive: true });
    writeFileSync(join(root, name, path), bytes);
  }
  return join(root, name);
}

async function found(paths: string | string[], options: { skipBad?: boolean } = {}) {
  const reading = new Reading(options);
  const pieces = [];
  for await (const piece of musicPieces(paths, reading)) pieces.push(piece);
  return {
    pitches: pieces.map(({ score }) => score.notes[0].pitch),
    names: pieces.map(({ name }) => name),
    beats: pieces.map((piece) => piece.beats?.length),
    leftOut: reading.leftOut.map(({ what, count }) => [what, count]),
  };
}

const expected = {
  pitches: [60, 62],
  beats: [2, undefined],
  leftOut: [
    ["the file is of another kind", 1],
    ["the file is the same as another", 1],
  ],
};

describe("files of music", () => {
  it("are found in a folder and below, identical ones once, with the beats beside them", async () => {
    const folder = folderOf("folder");
    const { names, ...others } = await found(folder);
    expect(others).toEqual(expected);
    expect(names).toEqual([join(folder, "a/one.mid"), join(folder, "b/two.MIDI")]);
  });

  it("are found in a zip alike", async () => {
    const zip = join(root, "music.zip");
    writeFileSync(zip, zipOf(files));
    const { names, ...others } = await found(zip);
    expect(others).toEqual(expected);
    expect(names).toEqual([`${zip}/a/one.mid`, `${zip}/b/two.MIDI`]);
  });

  it("are found by globs and by name, each once", async () => {
    const folder = folderOf("globs");
    const { pitches } = await found([`${folder}/**/*.{mid,MIDI}`, join(folder, "b/two.MIDI")]);
    expect(pitches).toEqual([60, 62]);
  });

  it("stop the reading when they are damaged, or are counted", async () => {
    const folder = folderOf("damaged", { "a.mid": tone(60).subarray(0, 30), "b.mid": tone(62) });
    await expect(found(folder)).rejects.toThrow(/a[.]mid/);
    const { pitches, leftOut } = await found(folder, { skipBad: true });
    expect(pitches).toEqual([62]);
    expect(leftOut).toEqual([["the MIDI file is damaged", 1]]);
  });

  it("are missed", async () => {
    const zip = join(root, "empty.zip");
    writeFileSync(zip, zipOf({ "notes.txt": Buffer.from("words") }));
    await expect(found(zip)).rejects.toThrow(DataError);
    await expect(found(folderOf("beats alone", { "beat_midi.txt": Buffer.from(beats) }))).rejects.toThrow(
      DataError,
    );
    await expect(found(join(root, "nowhere/*.mid"))).rejects.toThrow(MissingFileError);
    await expect(found([])).rejects.toThrow(MissingFileError);
  });
});
