import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { fileWriters } from "../../../test/image-sets.js";
import { MissingFileError } from "../../files/errors.js";
import { openMonolingual } from "./monolingual.js";

const { folderOf } = fileWriters();

it("reads a sentence a line of each language, each once", async () => {
  const folder = await folderOf({
    "news.1.en.gz": gzipSync("\ufeffHi.\r\n\nOh.\n"),
    "news.2.en.gz": gzipSync(" Oh.\nNo.\n"),
    "news.de": "Oh.\n",
    "empty.de": "",
  });
  const { sentences, leftOut } = await openMonolingual({
    en: `${folder}/*.en.gz`,
    de: [`${folder}/news.de`],
  });
  expect(sentences).toEqual([
    { text: "Hi.", language: "en" },
    { text: "Oh.", language: "en" },
    { text: "No.", language: "en" },
    { text: "Oh.", language: "de" },
  ]);
  expect(leftOut.map((phrase) => phrase.replace(/ \(.*/, ""))).toEqual([
    "1 where a line is blank",
    "1 where a line repeats an earlier one",
  ]);
  await expect(openMonolingual({ de: `${folder}/empty.de` })).rejects.toThrow(/no sentences/);
  await expect(openMonolingual({ de: `${folder}/none.de` })).rejects.toThrow(MissingFileError);
  await expect(openMonolingual({ german: `${folder}/news.de` })).rejects.toThrow(/named by no language/);
});
