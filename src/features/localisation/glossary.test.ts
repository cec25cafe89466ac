import { describe, expect, it } from "vitest";
import { missingTerms, readGlossary, termsIn } from "./glossary.js";

describe("a glossary", () => {
  const glossary = readGlossary(
    '\uFEFFsource,target,note\r\nsetting,Einstellung\r\n"user setting","Benutzereinstellung","two, as one"\nC++,C++\n文件,file\n',
  );

  it("is read from CSV, with or without heading and notes", () => {
    expect(glossary).toEqual([
      { source: "setting", target: "Einstellung" },
      { source: "user setting", target: "Benutzereinstellung", note: "two, as one" },
      { source: "C++", target: "C++" },
      { source: "文件", target: "file" },
    ]);
    expect(readGlossary("a,b")).toEqual([{ source: "a", target: "b" }]);
    expect(readGlossary("")).toEqual([]);
  });

  it("is found in texts by whole words, the longest term first", () => {
    const found = (text: string) => termsIn(glossary, text).map(({ source }) => source);
    expect(found("A user setting.")).toEqual(["user setting"]);
    expect(found("A user setting and a setting")).toEqual(["user setting", "setting"]);
    expect(found("resetting settings")).toEqual([]);
    expect(found("C++ C+++ 打开文件夹")).toEqual(["C++", "文件"]);
  });

  it("tells which terms a translation lacks", () => {
    expect(missingTerms(glossary, "a setting in C++", "eine EINSTELLUNG in C")).toEqual([glossary[2]]);
  });

  it("refuses empty sides, other columns, repeated terms and open quotes", () => {
    expect(() => readGlossary("a,b\nc,\n")).toThrow(/\["c",""\]/);
    expect(() => readGlossary("a")).toThrow(/is not a source/);
    expect(() => readGlossary("a,b,c,d")).toThrow(/is not a source/);
    expect(() => readGlossary("a,b\n a ,c")).toThrow(/came before/);
    expect(() => readGlossary('a,"b')).toThrow(/line 1: a quote is not closed/);
  });
});
