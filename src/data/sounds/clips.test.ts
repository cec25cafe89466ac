import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { toneFile } from "../../../test/sounds.js";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { openClips } from "./clips.js";

const place = temporaryFolder();
const sound = toneFile(0.2);

function folder(name: string, files: readonly string[]): string {
  for (const file of files) {
    const path = join(place, name, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.endsWith(".wav") ? sound : "path,text\na.wav,one\nb.wav,two\n");
  }
  return join(place, name);
}

const classesOf = (clips: readonly { readonly class?: string }[]) => clips.map((clip) => clip.class);

it("takes the outermost folder that is not one for all, and no split, for the class", async () => {
  const path = folder("drums", ["kit/train/hihat/open/a.wav", "kit/train/kick/b.wav", "kit/test/kick/c.wav"]);
  const { clips, classes } = await openClips({ paths: [path] });
  expect(classes).toEqual(["hihat", "kick"]);
  expect(Object.fromEntries(clips.map((clip) => [clip.id, clip.class]))).toEqual({
    "kit/train/hihat/open/a": "hihat",
    "kit/train/kick/b": "kick",
    "kit/test/kick/c": "kick",
  });
  expect(clips.map(({ split }) => split).toSorted()).toEqual(["test", "train", "train"]);
});

it("reads names by a pattern from several folders, and counts those that do not fit", async () => {
  const paths = [folder("one", ["1_ann_1.wav", "readme.wav"]), folder("two", ["2_bob_1.wav"])];
  const { clips, leftOut } = await openClips({ paths, names: "{class}_{speaker}_{take}" });
  expect(clips.map(({ speaker, take, ...clip }) => [clip.class, speaker, take])).toEqual([
    ["1", "ann", "1"],
    ["2", "bob", "1"],
  ]);
  expect(leftOut).toEqual(["1 clip whose name does not fit data.names: readme"]);
});

it("takes the text of a manifest for the class", async () => {
  const { clips, classes } = await openClips({
    paths: [folder("listed", ["metadata.csv", "a.wav", "b.wav"])],
  });
  expect(classes).toEqual(["one", "two"]);
  expect(classesOf(clips)).toEqual(["one", "two"]);
});

it("knows no classes in one folder, says so, and tells of classes with one clip and of clips without", async () => {
  expect((await openClips({ paths: [folder("flat", ["a.wav", "b.wav"])] })).notes).toEqual([
    "no clip has a class: what is drawn cannot be chosen",
  ]);
  const { notes } = await openClips({ paths: [folder("mixed", ["k/a.wav", "k/b.wav", "s/c.wav", "d.wav"])] });
  expect(notes).toEqual(["1 of 2 classes with one clip, which is learned from: s", "1 clip without a class"]);
});

it("refuses a pattern that no name fits", async () => {
  await expect(openClips({ paths: [folder("strange", ["a.wav"])], names: "{class}_{take}" })).rejects.toThrow(
    /no clip has a name that fits[\s\S]*is a/,
  );
});
