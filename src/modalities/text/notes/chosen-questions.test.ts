import { describe, expect, it } from "vitest";
import type { NoteSection } from "../../../data/notes/read-notes.js";
import { chosenDrafts, chosenGiven } from "./chosen-questions.js";
import { tasksOf } from "./write-drafts.js";

const shared = (i: number) => `The skipper writes every landing into the file "week-${i}.csv" at night.`;
const section = (id: string, heading: string, body: string, isHeldOut = false): NoteSection => ({
  ...{ id, headings: [heading], text: `# ${heading}\n\n${body}`, body, source: "notes.md", isHeldOut },
});
const twoSections = (i: number, isHeldOut: boolean) => [
  section(`a${i}`, `Log book ${i}`, `${shared(i)} The office keeps all of it for 30 years.`),
  section(
    `b${i}`,
    `Evening work ${i}`,
    `${shared(i)} The lamps of the quay are lit by 18:30 at the latest.`,
    isHeldOut,
  ),
];
const numbers = Array.from({ length: 20 }, (_, i) => i);

describe("chosenDrafts", () => {
  it("learns and measures no fact at once that stands in two sections", () => {
    const sections = numbers.flatMap((i) => twoSections(i, false));
    const choosing = { sections, heldOut: 0.5, seed: 3 };
    const { questions } = chosenDrafts([], tasksOf(sections, 3), 9, choosing);
    const parts = numbers.map((i) =>
      questions.filter(({ completion }) => completion === `week-${i}.csv`).map(({ part }) => part),
    );
    for (const [one, other] of parts) expect(one).toBe(other);
    expect(new Set(parts.map(([part]) => part))).toEqual(new Set(["train", "heldOut"]));
  });

  it("asks of sections held out only what no learned one says, and counts the others", () => {
    const sections = twoSections(0, true);
    const choosing = { sections, heldOut: 0.5, seed: 3 };
    const { questions, leftOut } = chosenDrafts([], tasksOf(sections, 3), 9, choosing);
    const unseen = questions.filter(({ part }) => part === "unseen");
    expect(unseen.map(({ completion }) => completion)).toEqual(["18:30"]);
    expect(leftOut).toEqual({ learned: 1 });
  });
});

describe("chosenGiven", () => {
  it("does the same with questions that people gave", () => {
    const sections = twoSections(0, true);
    const given = [
      { section: "b0", prompt: "Into which file are landings written?", completion: "week-0.csv" },
      { section: "b0", prompt: "When are the lamps of the quay lit?", completion: "18:30" },
    ];
    expect(chosenGiven(given, { sections, heldOut: 0.5, seed: 3 })).toEqual({
      questions: [{ ...given[1], part: "unseen" }],
      leftOut: { learned: 1 },
    });
  });
});
