import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../src/", import.meta.url));
const files = readdirSync(root, { encoding: "utf8", recursive: true }).filter(
  (file) => file.endsWith(".ts") && !/[.]test[.]ts$|_pb[.]ts$/.test(file),
);

/** Names and abbreviations that begin a phrase with a capital letter. */
const proper = /^(?:[A-Z][A-Z0-9]|Node|Python|Hugging Face|OpenAI|LoRA|Parquet|Llama|Autodidact|Ctrl)/;

/** What a phrase begins and ends with, however it is put together. */
function ends(node: ts.Expression): { begin?: string; end?: string } {
  if (ts.isStringLiteralLike(node)) return { begin: node.text, end: node.text };
  if (ts.isTemplateExpression(node)) {
    return { begin: node.head.text, end: node.templateSpans.at(-1)?.literal.text };
  }
  if (ts.isBinaryExpression(node)) return { begin: ends(node.left).begin, end: ends(node.right).end };
  return {};
}

/** The first and the third part of every error that a source makes: what is wrong, and what to do. */
function phrases(path: string): { phrase: string; begin: string; end: string }[] {
  const text = readFileSync(root + path, "utf8");
  if (!/\bnew \w+Error\b/.test(text)) return [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: { phrase: string; begin: string; end: string }[] = [];
  const collect = (node: ts.Expression): void => {
    if (ts.isParenthesizedExpression(node)) collect(node.expression);
    else if (ts.isConditionalExpression(node)) [node.whenTrue, node.whenFalse].forEach(collect);
    else found.push({ phrase: `${path}: ${node.getText()}`, begin: "", end: "", ...ends(node) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && /^(?!(?:Invalid|Commander))\w+Error$/.test(node.expression.getText())) {
      const parts = [...(node.arguments ?? [])].slice(node.expression.getText() === "ApiError" ? 1 : 0);
      if (parts.length >= 3) [parts[0], parts[2]].forEach(collect);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe("errors", () => {
  const all = files.flatMap(phrases);

  it("are found in the sources", () => expect(all.length).toBeGreaterThan(700));

  it("speak one dialect: phrases without a capital letter before and a full stop after", () => {
    const astray = all.filter(
      ({ begin, end }) => (/^[A-Z]/.test(begin) && !proper.test(begin)) || /(?:^|[^.])[.]$/.test(end),
    );
    expect(astray.map(({ phrase }) => phrase)).toEqual([]);
  });
});
