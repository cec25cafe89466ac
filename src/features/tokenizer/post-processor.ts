/** The `post_processor` of a `tokenizer.json`: tokens that Hugging Face's libraries put around every text. */
import { z } from "zod";
import type { Tokenizer } from "./tokenizer.js";
import { namedId } from "./tokenizer-file.js";

const token = z.tuple([z.string(), z.int()]);
const piece = z.union([
  z.object({ Sequence: z.object({}) }),
  z.object({ SpecialToken: z.object({ id: z.string() }) }),
]);
const template = z.object({
  type: z.literal("TemplateProcessing"),
  single: z.array(piece),
  special_tokens: z.record(z.string(), z.object({ ids: z.array(z.int()) })),
});
const pair = z.object({ type: z.enum(["BertProcessing", "RobertaProcessing"]), cls: token, sep: token });
const sequence = z.object({ type: z.literal("Sequence"), processors: z.array(z.unknown()) });

/** Ids that stand before and behind every text, which `Tokenizer.encode` does not add. */
export interface SurroundingTokens {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Those of a processor, also of a sequence of such. */
export function surroundingTokens(processor: unknown): SurroundingTokens {
  const several = sequence.safeParse(processor);
  if (several.success) {
    return several.data.processors.map(surroundingTokens).reduce(
      (inner, { before, after }) => ({
        before: [...before, ...inner.before],
        after: [...inner.after, ...after],
      }),
      { before: [], after: [] },
    );
  }
  const ends = pair.safeParse(processor);
  if (ends.success) return { before: [ends.data.cls[1]], after: [ends.data.sep[1]] };
  const read = template.safeParse(processor);
  if (!read.success) return { before: [], after: [] };
  const { single, special_tokens: specials } = read.data;
  const text = single.findIndex((part) => "Sequence" in part);
  const idsOf = (parts: typeof single) =>
    parts.flatMap((part) => ("SpecialToken" in part ? (specials[part.SpecialToken.id]?.ids ?? []) : []));
  return { before: idsOf(single.slice(0, Math.max(text, 0))), after: idsOf(single.slice(text + 1)) };
}

/** The id that begins every text: none where the config says so (`add_bos_token`), else the processor's or the config's. */
export function findBeginOfText(
  tokenizer: Pick<Tokenizer, "config" | "tokenToId">,
  processor?: unknown,
): number | undefined {
  const { add_bos_token: adds } = tokenizer.config ?? {};
  if (adds === false) return undefined;
  return surroundingTokens(processor).before[0] ?? (adds ? namedId(tokenizer, "bos_token") : undefined);
}

/** The token that a text starts after: the one that begins texts, or the one that ends the text before, as in GPT-2. */
export function textStart(tokenizer: Tokenizer): number | undefined {
  return tokenizer.beginOfText ?? namedId(tokenizer, "bos_token") ?? tokenizer.endOfText;
}

/** A token's text and its id. */
export type NamedToken = readonly [token: string, id: number];

/** The processor that puts these tokens around every text. */
export function surrounding({ before, after }: { before?: NamedToken; after?: NamedToken }): object {
  const [first, second] = ["A", "B"].map((text) => ({ Sequence: { id: text, type_id: 0 } }));
  const special = (named: NamedToken | undefined) =>
    named === undefined ? [] : [{ SpecialToken: { id: named[0], type_id: 0 } }];
  const around = (text: object) => [...special(before), text, ...special(after)];
  const named = [before, after].filter((one) => one !== undefined);
  return {
    type: "TemplateProcessing",
    single: around(first),
    pair: [...around(first), ...around(second)],
    special_tokens: Object.fromEntries(
      named.map(([text, id]) => [text, { id: text, ids: [id], tokens: [text] }]),
    ),
  };
}
