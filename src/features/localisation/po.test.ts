import PO from "pofile";
import { describe, expect, it } from "vitest";
import { poFormat } from "./po.js";

const german = String.raw`# Translators.
msgid ""
msgstr ""
"Language: de\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

#. Shown while a file is read
#: src/open.c:12
msgid "Loading…"
msgstr ""

#, c-format
msgctxt "menu"
msgid "Open \"%s\""
msgstr "„%s“ öffnen"

#, fuzzy
#| msgid "Quit"
msgid "Quit now"
msgstr "Beenden"

msgid "%d file\n"
msgid_plural "%d files\n"
msgstr[0] ""
msgstr[1] ""

msgid ""
"First line\n"
"second\tline"
msgstr ""
"Erste Zeile\n"
"zweite\tZeile"

#~ msgid "gone"
#~ msgstr "weg"
`;

/** What pofile, which others use, reads. */
const theirs = (text: string) =>
  PO.parse(text)
    .items.filter(({ obsolete }) => !obsolete)
    .map(({ msgid, msgstr }) => [msgid, msgstr]);

describe("PO", () => {
  it("has messages with context, notes and plural forms; what is fuzzy has a translation", () => {
    expect(poFormat.read(german)).toEqual([
      { key: "Loading…", source: "Loading…", note: "Shown while a file is read" },
      { key: 'menu\u0004Open "%s"', source: 'Open "%s"', target: "„%s“ öffnen" },
      { key: "Quit now", source: "Quit now", target: "Beenden" },
      { key: "%d file\n[0]", source: "%d file\n" },
      { key: "%d file\n[1]", source: "%d files\n" },
      {
        key: "First line\nsecond\tline",
        source: "First line\nsecond\tline",
        target: "Erste Zeile\nzweite\tZeile",
      },
    ]);
  });

  it("stays byte for byte where nothing changed", () => {
    for (const text of [german, german.replaceAll("\n", "\r\n"), `\uFEFF${german}`, german.trimEnd()]) {
      const same = new Map(poFormat.read(text).map(({ key, target }) => [key, target ?? ""]));
      expect(poFormat.write(text, same)).toBe(text);
      expect(poFormat.write(text, new Map())).toBe(text);
    }
  });

  it("writes what others read, and nothing else", () => {
    const translations = new Map([
      ["Loading…", 'Lädt "alles"\\…'],
      ["%d file\n[0]", "%d Datei\n"],
      ["%d file\n[1]", "%d Dateien\n"],
      ["First line\nsecond\tline", "Eins\nzwei"],
    ]);
    const written = poFormat.write(german, translations);
    expect(written).toBe(
      german
        .replace('msgid "Loading…"\nmsgstr ""', String.raw`msgid "Loading…"${"\n"}msgstr "Lädt \"alles\"\\…"`)
        .replace('msgstr[0] ""', String.raw`msgstr[0] "%d Datei\n"`)
        .replace('msgstr[1] ""', String.raw`msgstr[1] "%d Dateien\n"`)
        .replace(String.raw`"Erste Zeile\n"${"\n"}"zweite\tZeile"`, String.raw`"Eins\n"${"\n"}"zwei"`),
    );
    expect(theirs(written)).toEqual([
      ["Loading…", ['Lädt "alles"\\…']],
      ['Open "%s"', ["„%s“ öffnen"]],
      ["Quit now", ["Beenden"]],
      ["%d file\n", ["%d Datei\n", "%d Dateien\n"]],
      ["First line\nsecond\tline", ["Eins\nzwei"]],
    ]);
  });

  it("has as many plural forms as the header names, and adds those that are missing", () => {
    const polish = german.replace("nplurals=2; plural=(n != 1)", "nplurals=3; plural=n");
    const forms = poFormat.read(polish).filter(({ key }) => key.startsWith("%d"));
    expect(forms.map(({ source }) => source)).toEqual(["%d file\n", "%d files\n", "%d files\n"]);
    const written = poFormat.write(polish, new Map([["%d file\n[2]", "%d plików\n"]]));
    expect(written).toBe(
      polish.replace('msgstr[1] ""', String.raw`msgstr[1] ""${"\n"}msgstr[2] "%d plików\n"`),
    );
    const japanese = german.replace("nplurals=2; plural=(n != 1)", "nplurals=1; plural=0");
    expect(poFormat.read(japanese).find(({ key }) => key.startsWith("%d"))?.source).toBe("%d files\n");
  });

  it("reads an empty file, and refuses what it could not keep", () => {
    expect(poFormat.read("")).toEqual([]);
    expect(() => poFormat.read('msgid "a"\n')).toThrow(/no msgstr in the one at line 1/);
    expect(() => poFormat.read('msgid "a"\nmsgstr "b\n')).toThrow(/line 2, column 1/);
    expect(() => poFormat.read('msgid "a"\nmsgstr "b"\nmsgstr "c"\n')).toThrow(/line 3/);
    expect(() => poFormat.read('msgid "a"\nmsgstr "b" x\n')).toThrow(/line 2/);
    expect(() => poFormat.read('msgid "a"\nmsgstr ""\n\nmsgid "a"\nmsgstr ""\n')).toThrow(/the same key/);
    expect(() => poFormat.write(german, new Map([["nothing", "nichts"]]))).toThrow(/"nothing"/);
  });
});
