import type { ChatTemplate } from "./chat-template.js";

/**
 * What a template writes behind the assistant's words, such as `<|im_end|>`: a model that writes it has finished
 * its turn, also where its tokenizer names another token as its end. Empty where nothing is written there.
 */
export function turnEnd(template: ChatTemplate): string[] {
  return [writtenBehind(template) ?? ""].filter((end) => end !== "");
}

/**
 * A sentence for a template that writes nothing behind the assistant's words, which is all that an answer could end with.
 */
export function endlessTurns(template: ChatTemplate): string[] {
  if (writtenBehind(template) !== "") return [];
  return [
    "the chat template writes nothing behind what the assistant says: answers will go on until they are cut; give the " +
      "tokenizer a chat_template that ends turns with a special token",
  ];
}

/** Undefined where that is not known. */
function writtenBehind(template: ChatTemplate): string | undefined {
  const words = "Hello-there";
  const rendered = renderTurn(template, words);
  if (!rendered.includes(words)) return undefined;
  return rendered.slice(rendered.lastIndexOf(words) + words.length).trim();
}

/** Some templates refuse a conversation that others take; then nothing is known about the end of a turn. */
function renderTurn(template: ChatTemplate, words: string): string {
  try {
    return template.render([
      { role: "user", content: "Hello" },
      { role: "assistant", content: words },
    ]);
  } catch {
    return "";
  }
}
