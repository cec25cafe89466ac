/** Which questions are learned, which are kept to measure with, and which are no good. */
import { randomStream } from "../../../core/random.js";
import { answerWords, holdsAnswer } from "../../../data/notes/answer-words.js";
import { askedSentence, sentencesOf, unwrapped } from "../../../data/notes/passages.js";
import type { PartedQuestion } from "../../../data/notes/question-file.js";
import { faultOf, type Question, type QuestionFault } from "../../../data/notes/questions.js";
import type { NoteSection } from "../../../data/notes/read-notes.js";
import type { Draft, Task } from "./write-drafts.js";

/** Questions with their parts, and how many were left out by why. */
export interface ChosenQuestions {
  readonly questions: readonly PartedQuestion[];
  readonly leftOut: Readonly<Partial<Record<QuestionFault | "unknown", number>>>;
}

/** How questions are told apart. */
interface Choosing {
  readonly sections: readonly NoteSection[];
  /** Of the questions about what is learned. */
  readonly heldOut: number;
  readonly seed: number;
}

/**
 * The drafts that are good, and of each section some sentences that are asked as they stand. All have the topic before
 * them: alone, "the field" could be any.
 */
export function chosenDrafts(
  drafts: readonly Draft[],
  tasks: readonly (readonly Task[])[],
  fromSentences: number,
  choosing: Choosing,
): ChosenQuestions {
  const judged = drafts.map(judgedDraft);
  const good = new Set(judged.flatMap(({ fault, task }) => (fault ? [] : [keyOf(task)])));
  const sentences = tasks.flatMap((own) =>
    own
      .filter((task) => !good.has(keyOf(task)))
      .map((task) => judgedQuestion(task, askedSentence(task)))
      .filter(({ fault }) => fault === undefined)
      .slice(0, fromSentences),
  );
  return chosen([...judged, ...sentences], choosing);
}

const keyOf = ({ section, answer }: Task) => `${section} ${answer}`;

function judgedDraft(draft: Draft) {
  const judged = judgedQuestion(draft, draft.question);
  const isAnswered = holdsAnswer(draft.reply ?? "", draft.answer);
  return {
    ...judged,
    fault: draft.fault ?? judged.fault ?? (isAnswered ? undefined : "notAnswered"),
  } as const;
}

function judgedQuestion(task: Task, question: string) {
  const { section, topic, sentence, answer } = task;
  const prompt = topic === "" ? question : `${topic}: ${question}`;
  const fault = faultOf(question, answer, `${topic}\n${sentence}`);
  const given = holdsAnswer(prompt, answer) ? ("givesAway" as const) : undefined;
  return {
    task,
    sentences: [sentence],
    question: { section, prompt, completion: answer },
    fault: fault ?? given,
  };
}

/** The questions that people gave: of those about a section the answer must stand in it. */
export function chosenGiven(questions: readonly Question[], choosing: Choosing): ChosenQuestions {
  const sections = new Map(choosing.sections.map((section) => [section.id, section]));
  return chosen(
    questions.map((question) => {
      const section = sections.get(question.section);
      if (question.section === "") return { question, sentences: [] };
      if (section === undefined) return { question, sentences: [], fault: "unknown" as const };
      const isFound = holdsAnswer(unwrapped(section.text), question.completion);
      const sentences = sentencesOf(section.body).filter((one) => holdsAnswer(one, question.completion));
      return { question, sentences, fault: isFound ? undefined : ("notFound" as const) };
    }),
    choosing,
  );
}

interface Judged {
  readonly question: Question;
  /** That hold its answer. */
  readonly sentences: readonly string[];
  readonly fault?: QuestionFault | "unknown";
}

function chosen(judged: readonly Judged[], { sections, heldOut, seed }: Choosing): ChosenQuestions {
  const leftOut: Partial<Record<QuestionFault | "unknown", number>> = {};
  const asked = new Set<string>();
  const held = new Set(sections.flatMap(({ id, isHeldOut }) => (isHeldOut ? [id] : [])));
  const learned = sections
    .filter(({ isHeldOut }) => !isHeldOut)
    .map(({ text }) => wordsOf(unwrapped(text)))
    .join("\n");
  const questions = judged.flatMap(({ question, sentences, fault }) => {
    const words = wordsOf(question.prompt);
    const isLearned = held.has(question.section) && sentences.some((one) => learned.includes(wordsOf(one)));
    const found = fault ?? (isLearned ? "learned" : asked.has(words) ? "repeated" : undefined);
    if (found) leftOut[found] = (leftOut[found] ?? 0) + 1;
    if (found) return [];
    asked.add(words);
    return [{ ...question, part: partOf(question) }];
  });
  return { questions, leftOut };

  /** By the answer alone, whatever section it stands in, so that no question teaches what another measures. */
  function partOf({ section, completion }: Question): PartedQuestion["part"] {
    if (held.has(section)) return "unseen";
    if (section === "") return "train";
    const fact = `held-out question ${wordsOf(completion)}`;
    return randomStream(seed, fact).uniform() < heldOut ? "heldOut" : "train";
  }
}

/** With a space at both ends: whole words alone are found in it. */
const wordsOf = (text: string) => ` ${answerWords(text).join(" ")} `;
