/** Notes: their sections are learned as text, and questions that the model makes of them as conversations. */
import { counted as count } from "../../../core/quantities.js";
import { type PackableTokens, packRows } from "../../../data/chat/packing.js";
import { readQuestionFile, writeQuestions } from "../../../data/notes/question-file.js";
import { type Question, questionFaults } from "../../../data/notes/questions.js";
import { type NoteSection, readNotes } from "../../../data/notes/read-notes.js";
import { writeSections } from "../../../data/notes/section-file.js";
import { describeLeftOut } from "../../../data/reading.js";
import { writeExamples } from "../../../data/tables/examples.js";
import { chatTemplate } from "../../../features/chat/chat-template.js";
import { chatTokens } from "../../../features/chat/chat-tokens.js";
import { encodeText, type Tokenizer } from "../../../features/tokenizer/tokenizer.js";
import type { Folder } from "../../../files/folder.js";
import { RecipeError } from "../../../recipe/errors.js";
import { type Surroundings, watching } from "../../modality.js";
import { type Base, canChat, withChat } from "../base.js";
import { type ChosenQuestions, chosenDrafts, chosenGiven } from "../notes/chosen-questions.js";
import { tasksOf, writeDrafts } from "../notes/write-drafts.js";
import { notesSettings, type TextRecipe } from "../recipe.js";
import type { DataFormat } from "./data-format.js";
import { atRow, counted, openSplits, requireBase } from "./examples.js";

export const notes: DataFormat = {
  async check(recipe, around, plain, rowLength) {
    const found = requireBase(plain, recipe);
    const settings = notesSettings(recipe.data);
    const isTold = canChat(found.tokenizer);
    const base = isTold ? withChat(found, recipe) : found;
    const { tokenizer } = base;
    const { data, training } = recipe;
    const { sections, repeated, leftOut } = await readNotes({
      ...data,
      seed: training.seed,
      ...watching(around, "bytes read"),
    });
    const choosing = { sections, heldOut: settings.heldOutQuestions, seed: training.seed };
    const given = await givenQuestions(recipe, isTold, base, around);
    const told: string[] = [];
    const write = async (folder: Folder) => {
      const all = given ? chosenGiven(given.questions, choosing) : await made(folder);
      const fits = (one: Question) => dialogueOf(tokenizer, one).ids.length <= rowLength;
      const questions = { ...all, questions: all.questions.filter(fits) };
      const tooLong = all.questions.length - questions.questions.length;
      await writeSections(folder, sections);
      await writeQuestions(folder, questions.questions);
      told.push(
        ...tellOf(sections, questions, isTold, { [`longer than a row of ${rowLength} tokens`]: tooLong }),
      );
      for (const name of ["train", "validation"] as const) {
        const field = { dtype: "int32", shape: [rowLength] } as const;
        const fields = { inputs: field, targets: field, segments: field, positions: field };
        const own = sections.filter(({ isHeldOut }) => isHeldOut === (name === "validation"));
        const dialogues = name === "train" ? questions.questions.filter(({ part }) => part === "train") : [];
        const examples = [
          ...own.flatMap(({ text }) => windowsOf(encodeText(tokenizer, text), rowLength)),
          ...dialogues.map((one) => dialogueOf(tokenizer, one)),
        ];
        const rows = packRows(examples, rowLength).map((row) => ({ ...row }));
        await writeExamples(folder.folder(name), fields, rows);
      }
    };
    const made = async (folder: Folder): Promise<ChosenQuestions> => {
      if (!isTold) return { questions: [], leftOut: {} };
      const tasks = tasksOf(sections, training.seed);
      const wanted = tasks.flatMap((own) => own.slice(0, settings.perSection));
      const { threads } = training;
      const drafts = await writeDrafts(wanted, base, folder, around, { threads });
      return chosenDrafts(drafts, tasks, settings.fromSentences, choosing);
    };
    const left = [
      ...counted({ "repeating an earlier section": repeated }),
      ...describeLeftOut([...leftOut, ...(given?.leftOut ?? [])]),
    ];
    return { tokenizer, base, leftOut: left, notes: told, write };
  },

  open: (folder, recipe) => openSplits(folder, recipe, "rows of notes"),
};

/** Questions that people gave, read before anything is written. A row that the template refuses is a bad one. */
async function givenQuestions({ data }: TextRecipe, isTold: boolean, base: Base, around: Surroundings) {
  const { questions } = notesSettings(data);
  if (questions === undefined) return undefined;
  if (!isTold) {
    throw new RecipeError(
      "questions are learned by a model that was trained to chat",
      `data.notes.questions ${questions}; ${base.folder} has no chat template`,
      "leave them out to learn from the sections alone, or start from a model with a chat template",
    );
  }
  const rows = readQuestionFile(questions, { skipBad: data.skipBad, ...watching(around, "bytes read") });
  const given: Question[] = [];
  for await (const { question, source } of rows) {
    if (atRow(rows, source, () => dialogueOf(base.tokenizer, question))) given.push(question);
  }
  return { questions: given, leftOut: rows.leftOut };
}

/** A text in pieces of at most a row, of which everything but the first token is learned. */
function windowsOf(ids: Int32Array, rowLength: number): PackableTokens[] {
  const starts = Array.from({ length: Math.ceil(ids.length / rowLength) }, (_, i) => i * rowLength);
  return starts.map((start) => {
    const own = ids.subarray(start, start + rowLength);
    return { ids: own, isTarget: new Uint8Array(own.length).fill(1) };
  });
}

/** A question and its answer, which is what is learned. Throws `ChatError`, see `chatTokens`. */
function dialogueOf(tokenizer: Tokenizer, { prompt, completion }: Question): PackableTokens {
  const { ids, isAssistant } = chatTokens(chatTemplate(tokenizer), tokenizer, [
    { role: "user", content: prompt },
    { role: "assistant", content: completion },
  ]);
  return { ids, isTarget: isAssistant };
}

function tellOf(
  sections: readonly NoteSection[],
  { questions, leftOut }: ChosenQuestions,
  isTold: boolean,
  alsoLeft: Readonly<Record<string, number>>,
): string[] {
  const held = sections.filter(({ isHeldOut }) => isHeldOut).length;
  const learned = `${count(sections.length - held, "section")} to learn from, ${held} held out whole`;
  if (!isTold) {
    return [`${learned}; the model has no chat template: it learns from them alone, without questions`];
  }
  const of = (part: string) => questions.filter((question) => question.part === part).length;
  const faults = { ...questionFaults, unknown: "about a section that is not among the notes" };
  const left = Object.entries(faults).map(([fault, what]) => [
    what,
    leftOut[fault as keyof typeof faults] ?? 0,
  ]);
  const told = counted({ ...Object.fromEntries(left), ...alsoLeft });
  return [
    learned,
    `${count(of("train"), "question")} to learn from, ${of("heldOut")} about the same sections held out, ${of("unseen")} about sections held out`,
    ...(told.length > 0 ? [`questions left out: ${told.join(", ")}`] : []),
  ];
}
