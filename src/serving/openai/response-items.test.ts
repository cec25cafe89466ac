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

it("takes a hundred thousand calls in one turn within the test's time", () => {
  const items = Array.from({ length: 100_000 }, (_, i) => called(String(i)));
  const [{ tool_calls }] = messagesOf(items, undefined);
  expect(tool_calls).toHaveLength(100_000);
});
