import { expect, it } from "vitest";
import type { InputItem } from "./response-fields.js";
import { messagesOf } from "./response-items.js";

const said = (role: "system" | "developer" | "user" | "assistant", content: string): InputItem => ({
  ...{ type: "message", id: undefined, role, content },
});
const called = (call_id: string): InputItem => ({
  ...{ type: "function_call", id: undefined, call_id, name: "f", arguments: { n: 1 } },
});
const call = (id: string) => ({ id, type: "function", function: { name: "f", arguments: { n: 1 } } });

it("makes one message of a turn's words and calls", () => {
  expect(
    messagesOf([said("user", "Hi"), said("assistant", "Wait."), called("a"), called("b")], "Be brief."),
  ).toEqual([
    { role: "system", content: "Be brief." },
    { role: "user", content: "Hi" },
    { role: "assistant", content: "Wait.", tool_calls: [call("a"), call("b")] },
  ]);
});

it("leaves empty answers out, and joins what then meets", () => {
  const items = [
    said("user", "Hi"),
    said("assistant", " \n"),
    said("user", "Are you there?"),
    said("assistant", "Yes."),
  ];
  expect(messagesOf(items, undefined)).toEqual([
    { role: "user", content: "Hi\n\nAre you there?" },
    { role: "assistant", content: "Yes." },
  ]);
});

it("joins what one side says in several items, around its calls too", () => {
  const items = [said("user", "Hi"), called("a"), said("assistant", "Wait."), said("assistant", "A moment.")];
  expect(messagesOf(items, undefined)[1]).toEqual({
    ...{ role: "assistant", content: "Wait.\n\nA moment.", tool_calls: [call("a")] },
  });
});

it("moves what the system says to the instructions", () => {
  const items = [
    said("system", "Be kind."),
    said("user", "Hi"),
    said("assistant", "Hello."),
    said("developer", "Be quick."),
  ];
  expect(messagesOf(items, "Be brief.")).toEqual([
    { role: "system", content: "Be brief.\n\nBe kind.\n\nBe quick." },
    { role: "user", content: "Hi" },
    { role: "assistant", content: "Hello." },
  ]);
});

it("takes a hundred thousand calls in one turn within the test's time", () => {
  const items = Array.from({ length: 100_000 }, (_, i) => called(String(i)));
  const [{ tool_calls }] = messagesOf(items, undefined);
  expect(tool_calls).toHaveLength(100_000);
});
