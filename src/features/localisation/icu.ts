import { type MessageFormatElement, parse, TYPE } from "@formatjs/icu-messageformat-parser";
import { LocalisationError } from "./errors.js";
import { edited, type TextEdit } from "./message-format.js";

/** The texts of an ICU message, and the message again. */
export interface IcuMessage {
  /**
   * What is translated: the text around plurals and selects, in which `{icu0}`, `{icu1}`.. stand for them, and the text
   * of each branch, from the outside in.
   */
  readonly texts: readonly string[];
  /**
   * The message with translations of `texts`, its structure kept.
   * @throws LocalisationError where its arguments would not be the same.
   */
  join(translations: readonly string[]): string;
}

/** A text of the message and the plurals and selects in it. */
interface Level {
  readonly begin: number;
  readonly end: number;
  readonly arguments: readonly Argument[];
}

interface Argument {
  readonly begin: number;
  readonly end: number;
  readonly branches: readonly Level[];
}

const COMPLEX = /\{\s*[^\s{},]+\s*,\s*(?:plural|select|selectordinal)\s*,/;

/**
 * The parts of an ICU message with plurals or selects, also nested ones; undefined for a message without. A translation
 * has the branches of its source, so a language with more plural forms uses "other" for them.
 * @throws LocalisationError where a plural or select does not close or lacks "other".
 */
export function icuMessage(message: string): IcuMessage | undefined {
  if (!COMPLEX.test(message)) return undefined;
  const root = levelOf(elementsOf(message), 0, message.length);
  const levels = [...levelsIn(root)];
  return {
    texts: levels.map((level) => textOf(message, level)),
    join(translations) {
      const byLevel = new Map(levels.map((level, i) => [level, quotedWhereNeeded(translations[i])]));
      const joined = joinedLevel(message, root, byLevel);
      requireSameShape(message, joined);
      return joined;
    },
  };
}

function elementsOf(message: string): MessageFormatElement[] {
  try {
    return parse(message, { captureLocation: true, ignoreTag: true });
  } catch (error) {
    throw new LocalisationError(
      "an ICU message cannot be read",
      `${error instanceof Error ? error.message : error} in ${JSON.stringify(message)}`,
      'close every brace, and give every plural and select a branch "other"',
      { cause: error },
    );
  }
}

function levelOf(elements: readonly MessageFormatElement[], begin: number, end: number): Level {
  return {
    begin,
    end,
    arguments: elements.flatMap((element) => {
      if (element.type !== TYPE.plural && element.type !== TYPE.select) return [];
      const branches = Object.values(element.options).map(({ value, location }) =>
        levelOf(value, location!.start.offset + 1, location!.end.offset - 1),
      );
      return [{ begin: element.location!.start.offset, end: element.location!.end.offset, branches }];
    }),
  };
}

function* levelsIn(level: Level): Generator<Level> {
  yield level;
  for (const { branches } of level.arguments) for (const branch of branches) yield* levelsIn(branch);
}

function textOf(message: string, level: Level): string {
  const edits = level.arguments.map(({ begin, end }, i): TextEdit => {
    return { offset: begin - level.begin, length: end - begin, content: `{icu${i}}` };
  });
  return edited(message.slice(level.begin, level.end), edits);
}

function joinedLevel(message: string, level: Level, texts: ReadonlyMap<Level, string>): string {
  return texts.get(level)!.replace(/\{icu(\d+)\}/g, (token, number: string) => {
    const argument = level.arguments[Number(number)];
    if (argument === undefined) return token;
    const edits = argument.branches.map((branch): TextEdit => {
      const content = joinedLevel(message, branch, texts);
      return { offset: branch.begin - argument.begin, length: branch.end - branch.begin, content };
    });
    return edited(message.slice(argument.begin, argument.end), edits);
  });
}

/** An apostrophe before an argument would quote it: "l'{name}". Braces that are quoted already stay. */
function quotedWhereNeeded(text: string): string {
  return text.replace(/'[{}]+'|''|'(?=[{}#|])/g, (found) => (found === "'" ? "''" : found));
}

function requireSameShape(source: string, target: string): void {
  const [expected, found] = [source, target].map((message) => shapeOf(elementsOf(message)));
  if (expected === found) return;
  throw new LocalisationError(
    "a translation has not the arguments of its ICU message",
    `${JSON.stringify(target)} for ${JSON.stringify(source)}`,
    "keep every argument of every branch once",
  );
}

/** Which arguments stand in which branch, whatever their order. */
function shapeOf(elements: readonly MessageFormatElement[]): string {
  const shapes = elements.flatMap((element) => {
    if (element.type === TYPE.literal) return [];
    if (element.type === TYPE.pound) return ["#"];
    if (element.type !== TYPE.plural && element.type !== TYPE.select) return [`{${element.value}}`];
    const branches = Object.entries(element.options).map(([name, { value }]) => `${name}{${shapeOf(value)}}`);
    return [`{${element.value},${branches.join()}}`];
  });
  return shapes.sort().join();
}
