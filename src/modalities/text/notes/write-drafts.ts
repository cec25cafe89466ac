/** A model writes questions about notes, and answers the good ones with the notes before it. */
import { permuted, randomStream } from "../../../core/random.js";
import { holdsAnswer } from "../../../data/notes/answer-words.js";
import { passagesOf } from "../../../data/notes/passages.js";
import { faultOf, type QuestionFault } from "../../../data/notes/questions.js";
import type { NoteSection } from "../../../data/notes/read-notes.js";
import { type ChatTemplate, chatTemplate } from "../../../features/chat/chat-template.js";
import type { Folder } from "../../../files/folder.js";
import { compileDecoder, type DecoderSession } from "../../../generation/decoder-session.js";
import { generate } from "../../../generation/generate.js";
import { type Surroundings, watching } from "../../modality.js";
import type { Base } from "../base.js";
import { keptLines } from "../kept-lines.js";
import { exampleQuestions } from "./example-questions.js";

/** What the model is to ask about. */
export interface Task {
  /** The section's id. */
  readonly section: string;
  /** The innermost heading, without its number. */
  readonly topic: string;
  readonly sentence: string;
  readonly answer: string;
}

/** What it wrote. */
export interface Draft extends Task {
  readonly question: string;
  /** What is the matter with the question. */
  readonly fault?: QuestionFault;
  /** What it answers to a good question with the sentence before it. */
  readonly reply?: string;
}

/** What is drafted, a line of JSON each. */
export const draftsFile = "drafts.jsonl";

/** Questions that are written at once. */
const chunkSize = 16;
const questionTokens = 40;
const replyTokens = 24;

/** What more sections than this share, and more than two, speak of tells none of them apart. */
const commonShare = 0.03;

/** What can be asked about each section, in an order of the seed, different sentences first. */
export function tasksOf(sections: readonly NoteSection[], seed: number): Task[][] {
  const offered = sections.map((section) => ({ ...section, passages: passagesOf(section.body) }));
  const counts = new Map<string, number>();
  for (const { passages } of offered) {
    for (const { answer } of passages) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  const most = Math.max(2, commonShare * sections.length);
  return offered.map(({ id, headings, passages: all }) => {
    const topic = (headings[headings.length - 1] ?? "").replace(/^[\d.]+\s+/, "");
    const passages = all.filter(
      ({ answer }) => counts.get(answer)! <= most && !holdsAnswer(topic, answer), // a topic stands before its questions
    );
    const own = randomStream(seed, `questions of ${id}`).uint32();
    const drawn = passages.map((_, i) => passages[permuted(i, passages.length, own, "questions")]);
    const firsts = drawn.filter(({ sentence }, i) => drawn.findIndex((p) => p.sentence === sentence) === i);
    const ordered = [...firsts, ...drawn.filter((passage) => !firsts.includes(passage))];
    return ordered.map((passage) => ({ section: id, topic, ...passage }));
  });
}

/** Drafts for all tasks, in order, kept in `drafts.jsonl` as `keptLines` keeps them. */
export async function writeDrafts(
  tasks: readonly Task[],
  base: Base,
  folder: Folder,
  around: Surroundings,
  session: { readonly device?: "cpu"; readonly threads?: number },
): Promise<Draft[]> {
  const watched = watching(around, "questions written");
  let writer: Writer | undefined;
  try {
    return await keptLines({
      ...watched,
      folder,
      file: draftsFile,
      items: tasks,
      chunkSize,
      isOf: isDraftOf,
      async make(chunk) {
        const { runtime } = around;
        writer ??= new Writer(
          await compileDecoder(runtime, base.model, base.weights, session),
          base,
          watched.signal,
        );
        return writer.write(chunk);
      },
    });
  } finally {
    await writer?.session.release();
  }
}

function isDraftOf(value: unknown, task: Task): value is Draft {
  const draft = value as Partial<Draft> | undefined;
  const names = ["section", "topic", "sentence", "answer"] as const;
  return typeof draft?.question === "string" && names.every((name) => draft[name] === task[name]);
}

/** A model that asks and answers. */
class Writer {
  private readonly template: ChatTemplate;

  constructor(
    readonly session: DecoderSession,
    private readonly base: Base,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.template = chatTemplate(base.tokenizer);
  }

  async write(tasks: readonly Task[]): Promise<Draft[]> {
    const questions = await this.say(
      tasks.map((task) => [
        ...exampleQuestions.flatMap((one) => [...asking(one), said(one.question)]),
        ...asking(task),
      ]),
      questionTokens,
    );
    const drafts: Draft[] = tasks.map((task, i) => {
      const fault = faultOf(questions[i], task.answer, `${task.topic}\n${task.sentence}`);
      return { ...task, question: questions[i], ...(fault && { fault }) };
    });
    const good = drafts.filter(({ fault }) => fault === undefined);
    const replies = await this.say(
      good.map(({ sentence, question }) => [told(`${sentence}\n\n${question}`)]),
      replyTokens,
    );
    return drafts.map((draft) => {
      const at = good.indexOf(draft);
      return at < 0 ? draft : { ...draft, reply: replies[at] };
    });
  }

  /** The likeliest first line of each answer. */
  private async say(conversations: readonly Parameters<ChatTemplate["render"]>[0][], maxTokens: number) {
    if (conversations.length === 0) return [];
    const prompts = conversations.map((one) => this.template.render(one, { addGenerationPrompt: true }));
    const { tokenizer, generation } = this.base;
    const { endTokens } = generation ?? {};
    const options = { prompts, maxTokens, temperature: 0, stop: ["\n"], endTokens, signal: this.signal };
    const results = await generate(this.session, tokenizer, options);
    return results.map(({ text }) => text.trim());
  }
}

const told = (content: string) => ({ role: "user", content }) as const;
const said = (content: string) => ({ role: "assistant", content }) as const;

const asking = ({ topic, sentence, answer }: Omit<Task, "section">) => [
  told(`Topic: ${topic}\nText: ${sentence}\n\nAsk a question about the text whose answer is: ${answer}`),
];
