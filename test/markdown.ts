/** What the tests of the pages read out of Markdown. */

/** The contents of the fenced blocks of a language. */
export const blocks = (markdown: string, language: string) =>
  [...markdown.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, text]) => text);

/** Without what is fenced. */
const prose = (markdown: string) => markdown.replaceAll(/^```[\s\S]*?^```/gm, "");

/** Lines of the shell blocks that start a command of ours or of npm, without comments; one command each. */
export const commandsOf = (markdown: string) =>
  blocks(markdown, "sh")
    .flatMap((block) => block.split("\n"))
    .filter((line) => /^(npx autodidact|npx tsx|npm) /.test(line))
    .flatMap((line) => line.replace(/\s#.*/, "").split("&&"))
    .map((command) => command.trim());

/** Commands in running text, such as `npx autodidact doctor`. */
export const mentionsOf = (markdown: string) =>
  [...markdown.matchAll(/`(npx (?:autodidact|tsx recipes\/)[^`\n]+)`/g)].map(([, command]) => command);

/** The words of a command line, quoted ones whole. */
export const wordsOf = (command: string) =>
  [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, plain, quoted, word]) => plain ?? quoted ?? word,
  );

/** Where links and pictures lead. */
export const linksOf = (markdown: string) =>
  [...prose(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);

const headings = (markdown: string) => [...prose(markdown).matchAll(/^(#+) (.*)$/gm)];

export const headingLevels = (markdown: string) => headings(markdown).map(([, marks]) => marks.length);

/** The anchors that GitHub gives a page's headings; the second of a name ends in -1. */
export function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>();
  return headings(markdown).map(([, , title]) => {
    const plain = title.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "");
    const anchor = plain.replaceAll(" ", "-");
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}

/** The figures and code words of every row of every table, in any order inside a row. */
export const numbersOfTables = (markdown: string) =>
  prose(markdown)
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => (line.match(/`[^`]+`|\d[\d,.]*\d|\d/g) ?? []).toSorted().join(" "));
