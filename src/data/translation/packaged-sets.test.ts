import { describe, expect, it } from "vitest";
import { type Files, fileWriters } from "../../../test/image-sets.js";
import { openPairs } from "./open-pairs.js";

const { folderOf, fileOf } = fileWriters();

/** A compiled catalogue of gettext: a header, two tables of lengths and places, and the texts. */
function catalogue(messages: readonly (readonly [string, string])[], isLittle = true): Uint8Array {
  const texts = [0, 1].flatMap((side) => messages.map((message) => Buffer.from(`${message[side]}\0`)));
  const words = [0x950412de, 0, messages.length, 28, 28 + 8 * messages.length, 0, 0];
  let place = 4 * words.length + 8 * texts.length;
  for (const { length } of texts) {
    words.push(length - 1, place);
    place += length;
  }
  const head = Buffer.alloc(4 * words.length);
  words.forEach((word, i) => {
    if (isLittle) head.writeUInt32LE(word, 4 * i);
    else head.writeUInt32BE(word, 4 * i);
  });
  return Buffer.concat([head, ...texts]);
}

const messages = [
  ["", "Content-Type: text/plain; charset=UTF-8\nLanguage: de\n"],
  ["STR_OPEN\x04~Open", "~Öffnen"],
  ["%d file\0%d files", "%d Datei\0%d Dateien"],
] as const;

describe("compiled catalogues", () => {
  it.each([true, false])("are read in either byte order", async (isLittle) => {
    const { pairs, targetLanguage } = await openPairs(await fileOf("x.mo", catalogue(messages, isLittle)));
    expect(targetLanguage).toBe("de");
    expect(pairs.map(({ source, target }) => [source, target])).toEqual([
      ["~Open", "~Öffnen"],
      ["%d file", "%d Datei"],
      ["%d files", "%d Dateien"],
    ]);
  });

  it("that are cut short, or none, are refused", async () => {
    const whole = catalogue(messages);
    for (const bytes of [
      whole.subarray(0, -9),
      whole.subarray(0, 40),
      whole.subarray(0, 7),
      Buffer.alloc(64),
    ]) {
      await expect(openPairs(await fileOf("de.mo", bytes))).rejects.toThrow(
        /no whole catalogue[\s\S]*de\.mo/,
      );
    }
  });
});

describe("LibreOffice's packages", () => {
  const page = (...paragraphs: string[]) => `<html><p>menu</p>${paragraphs.join("\n")}</html>`;
  const help: Files = {
    "en-US/text/a/1.html": page(
      '<h1 id="hd_1" dir="auto">Cells &amp; rows</h1>',
      '<p id="par_1" class="x">Press <kbd>Ctrl</kbd>\n  now.</p><p id="par_2">only here</p>',
    ),
    "de/text/a/1.html": page('<h1 id="hd_1">Zellen &amp; Zeilen</h1>', '<p id="par_1">Jetzt Strg.</p>'),
    "en-US/text/a/2.html": page('<p id="par_1">no German</p>'),
    "fr/text/a/1.html": page('<h1 id="hd_1">Cellules</h1>'),
  };

  it("give the help's paragraphs by page and id", async () => {
    const folder = await folderOf(help);
    const { pairs, layout, leftOut } = await openPairs(folder, { targetLanguage: "de" });
    expect(layout).toBe("LibreOffice's help");
    expect(pairs.map(({ source, target, page }) => [source, target, page])).toEqual([
      ["Cells & rows", "Zellen & Zeilen", "a/1.html"],
      ["Press Ctrl now.", "Jetzt Strg.", "a/1.html"],
    ]);
    expect(leftOut).toEqual([
      "1 where a paragraph is not translated (a/1.html#par_2)",
      "1 where a page is not translated (a/2.html)",
    ]);
    await expect(openPairs(folder)).rejects.toThrow(/not one such language[\s\S]*has de, fr/);
    await expect(openPairs(folder, { targetLanguage: "ja" })).rejects.toThrow(/wanted: ja[\s\S]*has de, fr/);
  });

  it("give the interface's messages", async () => {
    const folder = await folderOf({ "de/LC_MESSAGES/sw.mo": catalogue(messages) });
    const { pairs, layout, sourceLanguage } = await openPairs(folder, { sourceLanguage: "de" });
    expect(layout).toBe("LibreOffice's interface");
    expect(sourceLanguage).toBe("de");
    expect(pairs[0]).toMatchObject({ source: "~Öffnen", target: "~Open" });
  });
});

describe("TypeScript's messages", () => {
  it("are found by their keys", async () => {
    const folder = await folderOf({
      "lib/typescript.js":
        'x = { A: diag(1002, 1 /* Error */, "A_1002", "Not \\"{0}\\"."), B: diag(18e3, 0, "B_3", \'It\\\'s "so".\'), };',
      "lib/de/diagnosticMessages.generated.json":
        '{"B_3": "Ja.", "A_1002": "Kein \\"{0}\\".", "gone_9": "Weg."}',
    });
    const { pairs, layout, leftOut } = await openPairs(folder);
    expect(layout).toBe("TypeScript's messages");
    expect(pairs.map(({ source, target }) => [source, target])).toEqual([
      ['It\'s "so".', "Ja."],
      ['Not "{0}".', 'Kein "{0}".'],
    ]);
    expect(leftOut).toEqual(["1 where a message has no English (gone_9)"]);
  });
});

describe("VS Code's messages", () => {
  const packs: Files = {
    "monaco-vscode-api/package.json": '{"version": "25.1.2"}',
    "monaco-vscode-api/vscode/src/vs/a.js":
      "const title = ( localize(1, 'More \\'{0}\\'...', name)), f = ( localize2(\n 3, \"&&Close\")), x = localize('a', 'b');",
    "monaco-vscode-api/vscode/src/vs/b.js": '( localize(2, `Tab\tand \\`\\``)) localize(4, "No German")',
    "monaco-vscode-language-pack-de/package.json": '{"version": "25.1.2"}',
    "monaco-vscode-language-pack-de/translations/main.i18n.json.js":
      'var content = [\n\tundefined,\n\t"Mehr \\"{0}\\"...",\n\t"Tab",\n\t"&&Schlie\\u00dfen",\n\tundefined,\n\t"[Neu];"\n];\n\nexport { content as default };\n',
    "monaco-vscode-language-pack-de/translations/extensions/vscode.git.i18n.json": JSON.stringify({
      version: "1.0.0",
      contents: {
        bundle: { "and/or": "und/oder", "Your Code: {0}/A code, e.g. 12": "Ihr Code: {0}" },
        package: { "command.clone": "Klonen" },
      },
    }),
  };

  it("are found by their numbers, those of extensions by their English", async () => {
    const { pairs, layout, leftOut } = await openPairs(await folderOf(packs));
    expect(layout).toBe("VS Code's messages");
    expect(pairs.map(({ source, target }) => [source, target])).toEqual([
      ["More '{0}'...", 'Mehr "{0}"...'],
      ["Tab\tand ``", "Tab"],
      ["&&Close", "&&Schließen"],
      ["and/or", "und/oder"],
    ]);
    expect(leftOut.map((phrase) => phrase.replace(/ \(.*/, ""))).toEqual([
      "1 where a message is not translated",
      "2 where a message has no English",
      "1 where a message may have a remark to translators behind a slash",
    ]);
  });

  it("are refused where the numbers are another release's, or the list is damaged", async () => {
    const other = { ...packs, "monaco-vscode-api/package.json": '{"version": "26.0.0"}' };
    await expect(openPairs(await folderOf(other))).rejects.toThrow(/another release[\s\S]*25\.1\.2/);
    const list = "monaco-vscode-language-pack-de/translations/main.i18n.json.js";
    const damaged = { ...packs, [list]: "export {}" };
    await expect(openPairs(await folderOf(damaged))).rejects.toThrow(/cannot be read[\s\S]*main\.i18n/);
  });
});

it("says what to install", async () => {
  // No test machine is to have it: the name of a language that no package has.
  await expect(openPairs("libreoffice-ui-xx")).rejects.toThrow(/apt-get install libreoffice-l10n-de/);
});
