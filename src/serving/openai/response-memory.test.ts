import { expect, it } from "vitest";
import type { InputItem } from "./response-fields.js";
import { ResponseMemory } from "./response-memory.js";

const said = (id: string, content: string): InputItem => ({ type: "message", id, role: "user", content });

it("forgets the oldest conversations when there are too many, or too much", () => {
  const memory = new ResponseMemory({ responses: 3, characters: 1000 });
  for (const id of ["a", "b", "c", "d"]) memory.keep(id, [], [said(`item-${id}`, "Hi")]);
  expect(() => memory.conversation("a")).toThrow(/does not know/);
  expect(memory.conversation("b")).toEqual([said("item-b", "Hi")]);
  const [found] = memory.resolved([{ type: "item_reference", id: "item-d" }]);
  expect(found).toEqual(said("item-d", "Hi"));
  memory.keep("e", [], [said("item-e", "x".repeat(900))]);
  expect(() => memory.conversation("d")).toThrow(/does not know/);
  expect(memory.conversation("e")).toHaveLength(1);
  expect(() => memory.resolved([{ type: "item_reference", id: "item-d" }])).toThrow(/does not know/);
  memory.keep("f", [], [said("item-f", "x".repeat(1001))]);
  expect(() => memory.conversation("f")).toThrow(/does not know/);
});

it("finds items by the ids that the server gave, and by no client's", () => {
  const memory = new ResponseMemory();
  const asked = said("msg_1", "my secret");
  memory.keep("a", [asked], [said("msg_2", "Noted.")]);
  expect(memory.conversation("a")).toEqual([asked, said("msg_2", "Noted.")]);
  expect(memory.resolved([{ type: "item_reference", id: "msg_2" }])).toEqual([said("msg_2", "Noted.")]);
  expect(() => memory.resolved([{ type: "item_reference", id: "msg_1" }])).toThrow(/does not know/);
});
