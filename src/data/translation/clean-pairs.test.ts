import { describe, expect, it } from "vitest";
import { DataError } from "../../files/errors.js";
import { cleanPairs } from "./clean-pairs.js";
import type { Pair } from "./pair.js";

function pair(source: string, target: string, languages = ["en", "de"]): Pair {
  return {
    source,
    target,
    sourceLanguage: languages[0],
    targetLanguage: languages[1],
    origin: `a.tsv:${source}`,
  };
}

describe("cleaning", () => {
  it("counts what it leaves out by why", async () => {
    const { pairs, report } = await cleanPairs([
      pair("One dog.", "Ein Hund."),
      pair("One dog.", "Ein Hund."),
      pair("One dog.", "Ein Tier."),
      pair(" \u0007", "leer"),
      pair("half \ud83d", "halb"),
      pair("lost \ufffd", "weg"),
      pair("same", "same"),
      pair("Off", "Ausgeschaltet."),
      pair("Off", "Ausgeschaltet, und zwar ganz."),
    ]);
    expect(pairs.map(({ target }) => target)).toEqual(["Ein Hund.", "Ein Tier.", "Ausgeschaltet."]);
    expect(report).toMatchObject({ given: 9, kept: 3 });
    expect(report.dropped).toEqual({ empty: 1, broken: 2, copy: 1, length: 1, duplicate: 1 });
    expect(report.phrases).toEqual([
      "1 pair left out, an empty side",
      "2 pairs left out, broken characters",
      "1 pair left out, both sides the same",
      "1 pair left out, one side over three times as long",
      "1 pair left out, there already",
    ]);
  });

  it("leaves what is in two splits in both", async () => {
    const one = pair("One dog.", "Ein Hund.");
    const splits = (["train", "validation", "train"] as const).map((split) => ({ ...one, split }));
    expect((await cleanPairs(splits)).pairs).toEqual(splits.slice(0, 2));
  });

  it("counts what it changes", async () => {
    const { pairs, report } = await cleanPairs([
      pair("\ufeff a\u0308\r\nb\u0000\u0085 ", "c\n\td\u200b"),
      pair("plain", "schlicht"),
    ]);
    expect(pairs[0]).toMatchObject({ source: "ä\nb", target: "c\n\td\u200b" });
    expect(report.changed).toEqual({
      "byte order marks": 1,
      "other line ends": 1,
      "control characters": 1,
      "decomposed letters": 1,
      "spaces around": 1,
    });
    expect(report.phrases).toContain("1 pair freed of decomposed letters");
  });

  it("keeps names where asked", async () => {
    const same = ["LibreOffice Writer", "OK", "3.0", "Yes this is a copy", "lower"].map((text) =>
      pair(text, text),
    );
    expect((await cleanPairs(same)).report.dropped.copy).toBe(5);
    const { pairs, report } = await cleanPairs([...same, same[0]], { keepNames: true });
    expect(pairs.map(({ source }) => source)).toEqual(["LibreOffice Writer", "OK"]);
    expect(report).toMatchObject({ keptNames: 2, dropped: { copy: 3, duplicate: 1 } });
    expect(report.phrases).toContain("2 pairs kept as names, both sides the same");
  });

  it("takes a Chinese letter for three", async () => {
    const zh = ["en", "zh"];
    const { report } = await cleanPairs([
      pair("The field cannot be compared with an integer.", "该字段不能与整数比较。", zh),
      pair(
        "The field cannot be compared with an integer, and this goes on and on for a while.",
        "该字段不能",
        zh,
      ),
      pair("Ja.", "这是一句太长的话，它没有对应的原文。", zh),
    ]);
    expect(report.dropped.length).toBe(2);
  });
});

describe("languages", () => {
  const english = (i: number) =>
    `The man with the red shirt is playing the guitar in front of house number ${i}.`;
  const german = (i: number) =>
    `Der Mann mit dem roten Hemd spielt vor dem Haus mit der Nummer ${i} auf der Gitarre.`;
  const french = (i: number) =>
    `Un homme avec une chemise rouge joue de la guitare devant la maison numéro ${i}.`;
  const many = (source: (i: number) => string, target: (i: number) => string, count = 40) =>
    Array.from({ length: count }, (_, i) => pair(source(i), target(i)));

  it("are as they are said", async () => {
    expect((await cleanPairs(many(english, german))).report.warnings).toEqual([]);
  });

  it("that are swapped are refused", async () => {
    const cleaning = cleanPairs(many(german, english));
    await expect(cleaning).rejects.toThrow(DataError);
    await expect(cleaning).rejects.toThrow(/swapped[\s\S]*100% of a sample of 40[\s\S]*en "Der Mann/);
  });

  it("that are mostly swapped, or others, are told", async () => {
    const mixed = [
      ...many(german, english, 26),
      ...many(
        (i) => english(i + 50),
        (i) => german(i + 50),
        14,
      ),
    ];
    expect((await cleanPairs(mixed)).report.warnings).toEqual(["65% of a sample of 40 pairs look swapped"]);
    const { warnings, phrases } = (await cleanPairs(many(english, french))).report;
    expect(warnings).toEqual(["100% of the targets in a sample of 40 do not look like de, but like fr"]);
    expect(phrases).toEqual(warnings);
  });
});
