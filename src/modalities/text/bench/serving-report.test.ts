import { expect, it } from "vitest";
import type { ServingPhase, ServingResult } from "./serving.js";
import { servingTable, shortfalls } from "./serving-report.js";

const phase: ServingPhase = {
  clients: 16,
  seconds: 20,
  answers: 123,
  errors: [],
  tokensPerSecond: 90,
  firstTokenMs: { median: 70.4, p95: 140 },
  blockedMs: 12.3,
  workMs: 6.7,
  residentBytes: { warm: 1e9, end: 1.01e9 },
};
const alone: ServingPhase = { ...phase, clients: 1, seconds: 5, answers: 7, tokensPerSecond: 30 };
const served: ServingResult = { name: "serving", parameters: 124e6, phases: [alone, phase, alone], ratio: 3 };

it("prints a row for each number of clients", () => {
  const one =
    "| GPT-2 (124.0M), one client, 5 s | 7 | 0 | 30 | 1 | 70 / 140 ms | 12 ms, 7 ms | 1.0 GB / 1.0 GB |";
  const many =
    "| GPT-2 (124.0M), 16 clients, 20 s | 123 | 0 | 90 | 3.00 | 70 / 140 ms | 12 ms, 7 ms | 1.0 GB / 1.0 GB |";
  expect(servingTable([served]).split("\n").slice(2)).toEqual([one, many, one]);
});

it("names what a server does not reach", () => {
  expect(shortfalls(served)).toEqual([]);
  const grown = { warm: 1e9, end: 1.06e9 };
  const bad = { ...phase, errors: ["status 500"], blockedMs: 51, residentBytes: grown };
  expect(shortfalls({ ...served, phases: [alone, bad, alone], ratio: 2.4 })).toEqual([
    expect.stringMatching(/1 requests failed.*status 500/),
    expect.stringMatching(/late by 51 ms, more than 50, of which its own work took at most 7/),
    expect.stringMatching(/grew by 6%/),
    expect.stringMatching(/2\.40 times/),
  ]);
});
