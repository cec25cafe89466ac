import type { ChatTemplate } from "./chat-template.js";

/**
 * What a template writes behind the assistant's words, such as `<|im_end|>`: a model that writes it has finished
 * its turn, also where its tokenizer names another token as its end. Empty where nothing is written there.
 */
export function turnEnd(template: ChatTemplate): string[] {
  const words = "Hello-there";
  const rendered = renderTurn(template, words);
  const end = rendered.slice(rendered.lastIndexOf(words) + words.length).trim();
  return rendered.includes(words) && end !== "" ? [end] : [];
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
