import { describe, expect, it } from "vitest";
import { arbFormat, jsonFormat } from "./json.js";

const english = `{
  "title": "Welcome",
  "menu": {
    "open": "Open…",
    "close.all": "Close all",
    "a/b~c": "Odd"
  },
  "steps": ["First", "Then", 3, ""],
  "count": 7
}
`;
const translationsOf = (pairs: Record<string, string>) => new Map(Object.entries(pairs));
/** Files that are unlike what a program would write. */
const oddFiles = [
  english,
  english.replaceAll("\n", "\r\n"),
  `\uFEFF${english}`,
  '{"a":"x","b" : "caf\\u00e9"}',
  '// who may copy this\n{\n\t"a": "x", // here\n\t/* there */ "b": [\n\t],\n}\n\n',
];

describe("i18n JSON", () => {
  it("has a message for every string that says something, by its pointer", () => {
    expect(jsonFormat.read(english).map(({ key, source }) => [key, source])).toEqual([
      ["/title", "Welcome"],
      ["/menu/open", "Open…"],
      ["/menu/close.all", "Close all"],
      ["/menu/a~1b~0c", "Odd"],
      ["/steps/0", "First"],
      ["/steps/1", "Then"],
    ]);
  });

  it("stays byte for byte where nothing changed", () => {
    for (const text of oddFiles) {
      const same = new Map(jsonFormat.read(text).map(({ key, source }) => [key, source]));
      expect(jsonFormat.write(text, new Map())).toBe(text);
      expect(jsonFormat.write(text, same)).toBe(text);
      expect(jsonFormat.write(text, same, text)).toBe(text);
    }
  });

  it("replaces only what is translated", () => {
    const german = jsonFormat.write(
      english,
      translationsOf({ "/menu/open": 'Öff"nen…', "/steps/1": "Dann" }),
    );
    expect(german).toBe(english.replace("Open…", 'Öff\\"nen…').replace("Then", "Dann"));
  });

  it("puts missing keys into an existing file, in the source's order and the file's own style", () => {
    const existing =
      '{\r\n\t"title": "Willkommen",\r\n\t"menu": {\r\n\t\t"close.all": "Alles zu"\r\n\t},\r\n\t"own": 1\r\n}';
    const german = jsonFormat.write(
      english,
      translationsOf({ "/menu/open": "Öffnen…", "/menu/a~1b~0c": "Seltsam", "/steps/0": "Erst" }),
      existing,
    );
    expect(german).toBe(
      '{\r\n\t"title": "Willkommen",\r\n\t"menu": {\r\n\t\t"open": "Öffnen…",\r\n\t\t"close.all": "Alles zu",\r\n\t\t"a/b~c": "Seltsam"\r\n\t},\r\n\t"steps": [\r\n\t\t"Erst",\r\n\t\t"Then",\r\n\t\t3,\r\n\t\t""\r\n\t],\r\n\t"own": 1\r\n}',
    );
    expect(jsonFormat.read(english, german).filter(({ target }) => target === undefined)).toEqual([]);
  });

  it("fills empty files and objects, files of one line, and values of another kind", () => {
    const all = translationsOf({ "/a": "A", "/b/c": "C" });
    const source = '{"a": "a", "b": {"c": "c"}}';
    expect(jsonFormat.write(source, all, "{}\n")).toBe('{\n  "a": "A",\n  "b": {\n    "c": "C"\n  }\n}\n');
    expect(jsonFormat.write(source, all, '{"b": {}, "z": 1}')).toBe(
      '{"a": "A", "b": {\n  "c": "C"\n}, "z": 1}',
    );
    expect(jsonFormat.write(source, all, '{"a": null, "b": "B"}')).toBe('{"a": "A", "b": {\n  "c": "C"\n}}');
    expect(jsonFormat.write('["x", ["y"]]', translationsOf({ "/1/0": "Y" }), "[ // none\n]")).toBe(
      '[\n  "x",\n  [\n    "Y"\n  ] // none\n]',
    );
    expect(jsonFormat.write(source, all, '{"a": ""}')).toBe('{"a": "A", "b": {"c":"C"}}');
  });

  it("tells what is already translated, and what is not", () => {
    const targets = jsonFormat.read(english, '{"title": "Willkommen", "menu": {"open": ""}}');
    expect(targets.map(({ target }) => target)).toEqual(["Willkommen", ...Array(5).fill(undefined)]);
  });

  it("refuses what it could not keep", () => {
    expect(() => jsonFormat.read("")).toThrow(/the file is empty/);
    expect(() => jsonFormat.read('{"a": "x"\n "b": "y"}')).toThrow(/CommaExpected at line 2, column 2/);
    expect(() => jsonFormat.read('{"a": "x\u0007"}')).toThrow(/InvalidCharacter/);
    expect(() => jsonFormat.read('{"a": {"b": "x",\n "b": "y"}}')).toThrow(/"b" again at line 2, column 2/);
    expect(() => jsonFormat.read("[".repeat(100_000))).toThrow(/256 levels/);
    expect(() => jsonFormat.write(english, translationsOf({ "/nowhere": "x" }))).toThrow(/"\/nowhere"/);
  });
});

describe("ARB", () => {
  const text = `{
  "@@locale": "en",
  "files": "{count, plural, one{# file} other{# files}}",
  "@files": {"description": "How many", "placeholders": {"count": {"example": "Three"}}}
}`;

  it("has messages with their descriptions, and no messages in descriptions", () => {
    expect(arbFormat("de").read(text)).toEqual([
      { key: "/files", source: "{count, plural, one{# file} other{# files}}", note: "How many" },
    ]);
  });

  it("gets its locale set, and descriptions are left alone", () => {
    const german = "{count, plural, one{# Datei} other{# Dateien}}";
    const translations = translationsOf({ "/files": german });
    expect(arbFormat("de").write(text, translations)).toBe(
      text.replace('"en"', '"de"').replace(/"\{count.*\}"/, `"${german}"`),
    );
    expect(arbFormat("de").write(text, translations, "{}")).toBe(
      `{\n  "@@locale": "de",\n  "files": "${german}"\n}`,
    );
  });
});
