import { z } from "zod";
import type { Tokenizer } from "../features/tokenizer/tokenizer.js";

const piece = z.union([
  z.object({ Sequence: z.object({}) }),
  z.object({ SpecialToken: z.object({ id: z.string() }) }),
]);
const withTemplate = z.object({
  post_processor: z.object({
    type: z.literal("TemplateProcessing"),
    single: z.array(piece),
    special_tokens: z.record(z.string(), z.object({ ids: z.array(z.int()) })),
  }),
});

/**
 * Ids that Hugging Face's libraries put behind every text, as the tokenizer's file says and its `encode` does not, such as
 * T5's end of text.
 */
export function appendedTokens(tokenizer: Pick<Tokenizer, "toJSON">): number[] {
  const read = withTemplate.safeParse(tokenizer.toJSON());
  if (!read.success) return [];
  const { single, special_tokens: specials } = read.data.post_processor;
  const text = single.findIndex((part) => "Sequence" in part);
  return single
    .slice(text + 1)
    .flatMap((part) => ("SpecialToken" in part ? (specials[part.SpecialToken.id]?.ids ?? []) : []));
}

/** The `post_processor` of a tokenizer's file by which those libraries put a token behind every text. */
export function appending(token: string, id: number): object {
  const [first, second] = ["A", "B"].map((text) => ({ Sequence: { id: text, type_id: 0 } }));
  const end = { SpecialToken: { id: token, type_id: 0 } };
  return {
    type: "TemplateProcessing",
    single: [first, end],
    pair: [first, end, second, end],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
  };
}
