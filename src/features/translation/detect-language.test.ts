import { describe, expect, it } from "vitest";
import { detectLanguage } from "./detect-language.js";

describe("the language of a text", () => {
  it.each([
    ["de", "Ein Hund läuft über die Wiese und sucht seinen Ball."],
    ["en", "A man is walking his dog along the river this morning."],
    ["fr", "Le chien court dans le jardin avec les enfants."],
    ["zh", "我们明天去公园散步。"],
    ["en", "two dogs"],
    ["de", "Zwei Hunde"],
  ])("is %s", (language, text) => {
    const [first, ...others] = detectLanguage(text, ["en", "de", "fr", "zh"]);
    expect(first.language).toBe(language);
    for (const { confidence } of others) expect(confidence).toBeLessThanOrEqual(first.confidence);
    const sum = [first, ...others].reduce((total, { confidence }) => total + confidence, 0);
    expect(sum).toBeCloseTo(100, 0); // each is rounded to a tenth
  });

  it("is one of those that were asked for, under the tags that they were asked by", () => {
    const [first] = detectLanguage("我们明天去公园散步。", ["pt-BR", "zh-Hans", "zh-Hant"]);
    expect(first).toEqual({ language: "zh-Hans", confidence: 100 });
    const text = "Le chien court dans le jardin avec les enfants.";
    for (const { language } of detectLanguage(text, ["en", "de"])) expect(["en", "de"]).toContain(language);
  });

  it.each(["", "  ", "12345", "?!", "日本語のテキスト"])(
    "of %j is unknown among English and German",
    (text) => {
      expect(detectLanguage(text, ["en", "de"])).toEqual([]);
    },
  );

  it("is unknown where no language is that anybody knows the n-grams of", () => {
    expect(detectLanguage("A man is walking his dog.", ["xx", "qaa"])).toEqual([]);
  });
});
