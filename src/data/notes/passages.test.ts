import { describe, expect, it } from "vitest";
import { askedSentence, passagesOf } from "./passages.js";

const answers = (body: string) => passagesOf(body).map(({ answer }) => answer);

describe("passagesOf", () => {
  it("offers what is quoted or code, numbers and names of each sentence", () => {
    const body =
      'The skipper writes into the file "landings.csv" at night. Run `git push` before the boat leaves.\n\n' +
      "The office of the North Quay opens at 7:30 and closes after 9 hours in all.";
    expect(answers(body)).toEqual(["landings.csv", "git push", "7:30", "9 hours", "North Quay"]);
  });

  it("asks about prose: no code, no tables, no titles, nothing that points back", () => {
    expect(answers('```\nThe file "a.txt" holds it, says the code here.\n```\n')).toEqual([]);
    expect(answers('| The table says that "b.txt" holds all of it. |')).toEqual([]);
    expect(answers('    The indented code says that "c.txt" holds it.')).toEqual([]);
    expect(answers('A title that ends without a stop and names "d.txt"')).toEqual([]);
    expect(answers('[3] Where it goes on, "g.txt" holds the rest of all.')).toEqual(["g.txt"]);
    expect(answers('where it goes on, "h.txt" holds the rest of all.')).toEqual([]);
    expect(answers('It is written into the file "e.txt" every night.')).toEqual([]);
    expect(answers('* An item says that the file "f.txt" holds\n  all of the rest.')).toEqual(["f.txt"]);
  });

  it("joins lines, and words that were cut at a line's end", () => {
    expect(passagesOf('Every update is made by "update-\nalternatives", the tool\nfor it.')).toEqual([
      {
        sentence: 'Every update is made by "update-alternatives", the tool for it.',
        answer: "update-alternatives",
      },
    ]);
  });

  it("cuts Chinese at its full stops", () => {
    expect(
      passagesOf("船长每天晚上把所有的渔获都写进名叫「渔获记录簿」的那个文件里面，然后由合作社读取。短句。"),
    ).toEqual([
      {
        sentence: "船长每天晚上把所有的渔获都写进名叫「渔获记录簿」的那个文件里面，然后由合作社读取。",
        answer: "渔获记录簿",
      },
    ]);
  });
});

describe("askedSentence", () => {
  it("puts what for the answer, its marks and its article", () => {
    const ask = (sentence: string, answer: string) => askedSentence({ sentence, answer });
    expect(ask('It stands in the "Version" field.', "Version")).toBe("It stands in what field?");
    expect(ask("The office opens at 7:30.", "7:30")).toBe("The office opens at what?");
    expect(ask("船长把渔获写进名叫「渔获记录簿」的文件。", "渔获记录簿")).toBe(
      "船长把渔获写进名叫什么的文件？",
    );
    expect(ask('"nocheck" runs no test.', "nocheck")).toBe("What runs no test?");
  });
});
