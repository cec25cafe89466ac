import { describe, expect, it } from "vitest";
import { bleu, bleuMetric, sentenceBleu } from "./bleu.js";
import { bleuTokens } from "./bleu-tokens.js";

/** sacreBLEU's own test: segments with one reference or both. */
const HYPOTHESES = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."];
const FIRST = ["The dog bit the man.", "It was not unexpected.", "The man bit him first."];
const SECOND = ["The dog had bit the man.", "No one was surprised.", "The man had bitten the dog."];
const both = HYPOTHESES.map((hypothesis, i) => ({ hypothesis, references: [FIRST[i], SECOND[i]] }));
const one = HYPOTHESES.map((hypothesis, i) => ({ hypothesis, references: [FIRST[i]] }));

const SUGAR = {
  hypothesis: "Producția de zahăr primă va fi exprimată în ceea ce privește zahărul alb;",
  references: ["producţia de zahăr brut se exprimă în zahăr alb;"],
};

describe("BLEU", () => {
  it("is sacreBLEU's, with precisions, brevity penalty and lengths", () => {
    const score = bleu(both);
    expect(score.score).toBeCloseTo(48.530827009929865, 10);
    expect(score.precisions.map((value) => value.toFixed(1))).toEqual(["82.4", "50.0", "45.5", "37.5"]);
    expect(score.brevityPenalty.toFixed(3)).toBe("0.943");
    expect([score.hypothesisLength, score.referenceLength]).toEqual([17, 18]);
    expect(bleu(one)).toMatchObject({ counts: [12, 6, 4, 3], totals: [17, 14, 11, 8] });
    expect(bleu(one).score).toBeCloseTo(45.06750632106114, 10);
  });

  it("is sacreBLEU's with each tokenizer", () => {
    expect(bleu(both, { tokenize: "none" }).score).toBeCloseTo(49.1919566, 6);
    expect(bleu(both, { tokenize: "intl" }).score).toBeCloseTo(43.91623493, 7);
    expect(sentenceBleu(SUGAR, { tokenize: "none" }).score).toBeCloseTo(7.347, 3);
    expect(sentenceBleu(SUGAR, { tokenize: "char" }).score).toBeCloseTo(40.87597, 5);
    const hypotheses = ["选择“格式”>“字符”，然后单击“确定”。", "该字段不能与整数 3.14 比较。"];
    const references = ["选择「格式」-「字符」，然后点击“确定”。", "无法将该字段与整数 3.14 进行比较。"];
    const chinese = hypotheses.map((hypothesis, i) => ({ hypothesis, references: [references[i]] }));
    const score = bleu(chinese, { tokenize: "zh" });
    expect(score).toMatchObject({ counts: [25, 17, 9, 4], totals: [33, 31, 29, 27], referenceLength: 36 });
    expect(score.score).toBeCloseTo(33.94549861107139, 10);
  });

  it("is sacreBLEU's with each smoothing, of one sentence", () => {
    expect(sentenceBleu(SUGAR).score).toBeCloseTo(8.493, 3);
    expect(sentenceBleu(SUGAR, { smoothing: "floor" }).score).toBeCloseTo(4.51688, 5);
    expect(sentenceBleu(SUGAR, { smoothing: "add-k" }).score).toBeCloseTo(14.88256, 5);
    expect(sentenceBleu(SUGAR, { smoothing: "none" }).score).toBe(0);
  });

  it("leaves orders out that a sentence is too short for, and a corpus does not", () => {
    const short = { hypothesis: "a b", references: ["a b c d"] };
    expect(bleu([short]).score).toBe(0);
    expect(sentenceBleu(short).score).toBeCloseTo(100 * Math.exp(-1), 10);
  });

  it("is 0 where nothing matches and where nothing was written", () => {
    expect(bleu([{ hypothesis: "x", references: ["a"] }]).score).toBe(0);
    expect(bleu([{ hypothesis: "", references: ["a"] }])).toMatchObject({ score: 0, brevityPenalty: 0 });
  });

  it("has a signature that tells what was counted", () => {
    expect(bleuMetric().signature(one)).toBe("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0");
    const other = bleuMetric({ lowercase: true, smoothing: "floor", tokenize: "zh", effectiveOrder: true });
    expect(other.signature([...one, ...both])).toBe(
      "nrefs:var|case:lc|eff:yes|tok:zh|smooth:floor[0.10]|version:2.6.0",
    );
  });

  it("refuses segments without references, and no segments", () => {
    expect(() => bleu([])).toThrow(/no segment/);
    expect(() => bleu([...one, { hypothesis: "a", references: [] }])).toThrow(/segment 4 of 4 has none/);
  });
});

describe("tokens", () => {
  it("of 13a are mteval's", () => {
    const cut = (text: string) => bleuTokens["13a"](text).join(" ");
    expect(cut("Hello, world! 1,000.5-2 &quot;x&quot; &apos; e.g. U.S.A.")).toBe(
      'Hello , world ! 1,000.5 - 2 " x " & apos ; e . g . U . S . A .',
    );
    expect(cut(".5 5.")).toBe(". 5 5 .");
    expect(cut("a--b")).toBe("a--b");
    expect(cut("hyphen-\nated <skipped>line\nbreak")).toBe("hyphenated line break");
  });

  it("of zh part Chinese characters, and what sacreBLEU takes for some", () => {
    expect(bleuTokens.zh("汉字abc—“x”①𠀀")).toEqual(["汉", "字", "abc", "—", "“", "x", "”", "①", "𠀀"]);
  });

  it("of intl keep marks between digits, and a full stop behind a number at the end", () => {
    expect(bleuTokens.intl("1,5 kg (ca.) in 1999.")).toEqual([
      "1,5",
      "kg",
      "(",
      "ca",
      ".",
      ")",
      "in",
      "1999.",
    ]);
  });
});
