import type { Automaton, State } from "./automaton.js";
import type { Vocabulary } from "./vocabulary.js";

/** A bit for each token that may follow a state; the state keeps what was found. */
export function allowedTokens(state: State, grammar: Automaton, vocabulary: Vocabulary): Uint32Array {
  if (state.allowed) return state.allowed;
  const allowed = new Uint32Array(Math.ceil(vocabulary.size / 32));
  const allow = (id: number) => {
    allowed[id >> 5] |= 1 << (id & 31);
  };
  const { byte, depth, end, token, sameBytes, maxDepth } = vocabulary.tree;
  const states = new Array<State>(maxDepth + 1).fill(state);
  for (let place = 0; place < byte.length; ) {
    const at = depth[place];
    const next = grammar.step(states[at], byte[place]);
    if (next !== null) {
      states[at + 1] = next;
      for (let id = token[place]; id >= 0; id = sameBytes[id]) allow(id);
    }
    place = next === null ? end[place] : place + 1;
  }
  if (state.mayEnd) vocabulary.endTokens.forEach(allow);
  grammar.keep(state, allowed);
  return allowed;
}
