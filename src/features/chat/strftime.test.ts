import { expect, it } from "vitest";
import { strftime } from "./strftime.js";

it("writes dates as Python does in English", () => {
  const morning = new Date(2024, 6, 4, 0, 5, 9);
  const evening = new Date(2031, 11, 26, 13, 45, 30);
  const all = "%a %A %d %-d %b %B %m %y %Y %H %-H %I %M %S %p 100%%";
  expect(strftime(morning, all)).toBe("Thu Thursday 04 4 Jul July 07 24 2024 00 0 12 05 09 AM 100%");
  expect(strftime(evening, all)).toBe("Fri Friday 26 26 Dec December 12 31 2031 13 13 01 45 30 PM 100%");
  expect(strftime(morning, "no code")).toBe("no code");
});

it("refuses codes that it does not know", () => {
  for (const format of ["%Q", "a %", "%-", "%-%Y%", "%constructor"]) {
    expect(() => strftime(new Date(0), format)).toThrow(/strftime_now knows no/);
  }
});
