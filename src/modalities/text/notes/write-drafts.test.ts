import { describe, expect, it } from "vitest";
import type { NoteSection } from "../../../data/notes/read-notes.js";
import { tasksOf } from "./write-drafts.js";

const section = (id: string, heading: string, body: string): NoteSection => ({
  ...{ id, headings: [heading], text: body, body, source: "notes.md", isHeldOut: false },
});
const about = (file: string, other: string) =>
  `The skipper writes all of it into the file "${file}" at night. The harbour office keeps "${other}" and "both.csv" for years.`;

describe("tasksOf", () => {
  it("asks different sentences first, in an order of the seed, below the heading without its number", () => {
    const sections = [section("1", "2.1. Log book", about("landings.csv", "weather.csv"))];
    const [tasks] = tasksOf(sections, 3);
    expect(tasks.map(({ answer }) => answer).toSorted()).toEqual(["both.csv", "landings.csv", "weather.csv"]);
    expect(tasks[0].sentence).not.toBe(tasks[1].sentence);
    expect(new Set(tasks.map(({ topic }) => topic))).toEqual(new Set(["Log book"]));
    expect(tasksOf(sections, 3)).toEqual([tasks]);
    const orders = [0, 1, 2, 4, 5, 6].map((seed) =>
      tasksOf(sections, seed)[0]
        .map(({ answer }) => answer)
        .join(),
    );
    expect(new Set(orders).size).toBeGreaterThan(1);
  });

  it("asks neither for what many sections speak of nor for what the heading says", () => {
    const sections = ["a", "b", "c"].map((name) =>
      section(name, `The file ${name}.csv`, about(`${name}.csv`, `${name}.txt`)),
    );
    const answers = tasksOf(sections, 0).map((tasks) => tasks.map(({ answer }) => answer));
    expect(answers).toEqual([["a.txt"], ["b.txt"], ["c.txt"]]);
  });
});
