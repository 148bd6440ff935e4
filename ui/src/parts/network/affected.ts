// Who feels it when something stops, over all that depends on it.
import type { Need } from './needs';

/**
 * blocked: it waits in vain. later: so does it once what it has is no longer fresh. without: it goes on without what it
 * would have liked to have. The first is the worst.
 */
export type Effect = 'blocked' | 'later' | 'without';

export interface Affected {
  flow: string;
  effect: Effect;
  /** The flow right before it on the way from what stops. */
  via: string;
  /** How far it is: 1 needs it itself. */
  steps: number;
}

const RANK: Record<Effect, number> = { blocked: 3, later: 2, without: 1 };

interface Dependent {
  flow: string;
  need: Need;
}

function dependents(needs: ReadonlyMap<string, readonly Need[]>): Map<string, Dependent[]> {
  const found = new Map<string, Dependent[]>();
  for (const [flow, all] of needs) {
    for (const need of all) {
      const list = found.get(need.flow);
      if (list) list.push({ flow, need });
      else found.set(need.flow, [{ flow, need }]);
    }
  }
  return found;
}

function effectOf(need: Need, before: Effect): Effect {
  if (need.optional) return 'without';
  return need.within !== undefined || before === 'later' ? 'later' : 'blocked';
}

/** `stopped`: flows that have no runs any more. They are not in the answer. */
export function affectedBy(needs: ReadonlyMap<string, readonly Need[]>, stopped: Iterable<string>): Affected[] {
  const after = dependents(needs);
  const seeds = new Set(stopped);
  const found = new Map<string, Affected>();
  let edge: { flow: string; effect: Effect; steps: number }[] = [...seeds].map((flow) => ({
    flow,
    effect: 'blocked',
    steps: 0,
  }));
  // Step by step, so that the way that is told is the shortest; a worse effect that comes later counts nevertheless.
  while (edge.length > 0) {
    const next: typeof edge = [];
    for (const { flow: via, effect: before, steps } of edge) {
      for (const { flow, need } of after.get(via) ?? []) {
        const effect = effectOf(need, before);
        const known = found.get(flow);
        if (seeds.has(flow) || (known && RANK[known.effect] >= RANK[effect])) continue;
        found.set(flow, { flow, effect, via, steps: steps + 1 });
        // Who goes on without something is no trouble for others.
        if (effect !== 'without') next.push({ flow, effect, steps: steps + 1 });
      }
    }
    edge = next;
  }
  return [...found.values()].sort(
    (a, b) => RANK[b.effect] - RANK[a.effect] || a.steps - b.steps || (a.flow < b.flow ? -1 : 1),
  );
}
