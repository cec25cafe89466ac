import { describe, expect, it } from "vitest";
import { answerWords, holdsAnswer, sameAnswer } from "./answer-words.js";
import { faultOf } from "./questions.js";

describe("holdsAnswer", () => {
  it("finds words in a row, whatever their case, marks and articles", () => {
    expect(holdsAnswer('They wrote "Landings.csv".', "the landings.csv")).toBe(true);
    expect(holdsAnswer("opens at 7:30, daily", "7:30")).toBe(true);
    expect(holdsAnswer("a north quay", "quay north")).toBe(false);
    expect(holdsAnswer("the quays", "quay")).toBe(false);
    expect(holdsAnswer("use --verbose here", "--verbose")).toBe(true);
    expect(holdsAnswer("use verbose here", "--verbose")).toBe(false);
    expect(holdsAnswer("anything", "the ...")).toBe(false);
  });

  it("takes Chinese by characters", () => {
    expect(answerWords("渔获 7:30")).toEqual(["渔", "获", "7:30"]);
    expect(holdsAnswer("写进渔获记录簿里", "渔获记录簿")).toBe(true);
  });

  it("sameAnswer wants nothing else", () => {
    expect(sameAnswer("The North Quay.", "north quay")).toBe(true);
    expect(sameAnswer("at the north quay", "north quay")).toBe(false);
  });
});

describe("faultOf", () => {
  const text = "Boats longer than 12 metres need a written permit before they may moor at the north quay.";
  it.each([
    ["What do boats need before they may moor at the quay?", "a written permit", undefined],
    ["Boats need a written permit.", "a written permit", "none"],
    ["What then?", "a written permit", "length"],
    ["What written permit do boats need to moor?", "written permit", "givesAway"],
    ["What do boats need before they may moor?", "a red flag", "notFound"],
    ["What is the purpose of the upstart system?", "a written permit", "unfounded"],
    ["What do boats need before they may moor?", "word ".repeat(13), "longAnswer"],
  ] as const)("%s %s: %s", (question, answer, fault) => {
    expect(faultOf(question, answer, text)).toBe(fault);
  });
});
