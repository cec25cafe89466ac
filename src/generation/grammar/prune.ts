import type { Node } from "./network.js";

/**
 * Removes every edge from which no end of its rule can be reached, so that whatever is read along the edges that
 * stay can be completed. Returns which nodes can reach an end.
 */
export function prune(nodes: readonly Node[]): (node: Node) => boolean {
  const isLive = reachesAnEnd(nodes);
  for (const node of nodes) {
    node.moves = node.moves.filter(({ to }) => isLive(to));
    node.skips = node.skips.filter(isLive);
    node.calls = node.calls.filter(({ rule, to }) => isLive(to) && isLive(rule.start));
  }
  return isLive;
}

/** An edge backwards: `from` is live when `other` is too. */
interface Backwards {
  readonly from: Node;
  readonly other: Node;
}

function reachesAnEnd(nodes: readonly Node[]): (node: Node) => boolean {
  const into = edgesInto(nodes);
  const live = new Uint8Array(nodes.length);
  const work = nodes.filter((node) => node.isEnd);
  for (const node of work) live[node.id] = 1;
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    for (const { from, other } of into[node.id]) {
      if (live[from.id] || !live[other.id]) continue;
      live[from.id] = 1;
      work.push(from);
    }
  }
  return (node) => live[node.id] === 1;
}

function edgesInto(nodes: readonly Node[]): Backwards[][] {
  const into: Backwards[][] = nodes.map(() => []);
  for (const from of nodes) {
    for (const { to } of from.moves) into[to.id].push({ from, other: to });
    for (const to of from.skips) into[to.id].push({ from, other: to });
    for (const { rule, to } of from.calls) {
      into[to.id].push({ from, other: rule.start });
      into[rule.start.id].push({ from, other: to });
    }
  }
  return into;
}
