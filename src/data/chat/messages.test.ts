import { expect, it } from "vitest";
import { ChatError, type ChatMessage, checkMessages } from "./messages.js";

const [system, user, assistant] = (["system", "user", "assistant"] as const).map(
  (role): ChatMessage => ({ role, content: "Hi" }),
);

it.each<[string, ChatMessage[], RegExp]>([
  ["system not first", [user, system], /message 2: system after user/],
  ["two users in a row", [user, user], /message 2: user after user/],
  ["two assistants in a row", [user, assistant, assistant], /message 3: assistant after assistant/],
  ["assistant first", [assistant], /message 1: begins with assistant/],
  ["assistant after system", [system, assistant], /assistant after system/],
  ["a tool that nobody called", [user, { role: "tool", content: "4" }], /tool after user/],
  ["an empty assistant turn", [user, { ...assistant, content: " \n" }], /says nothing[\s\S]*message 2/],
])("nothing is learned from %s", (_, messages, reason) => {
  expect(() => checkMessages(messages)).toThrow(ChatError);
  expect(() => checkMessages(messages)).toThrow(reason);
});
