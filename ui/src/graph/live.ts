/** States while they change: what each drawn item shows, and which items a change touches. */
import type { GraphModel } from './model';
import { worse, worstOf, type StateCounts } from './states';
import type { View } from './view';

export interface NodeState {
  state?: string;
  detail?: string;
  since?: number;
  until?: number;
}

/** A place where whoever hears of changes puts them; the graph takes them out once a frame. */
export class StateFeed {
  private readonly all = new Map<string, NodeState>();
  private readonly ears = new Set<(id: string) => void>();

  get(id: string): NodeState | undefined {
    return this.all.get(id);
  }

  entries(): IterableIterator<[string, NodeState]> {
    return this.all.entries();
  }

  set(id: string, state: NodeState): void {
    this.all.set(id, state);
    for (const ear of this.ears) ear(id);
  }

  /** Hears the ids of what has changed; the answer ends it. */
  listen(ear: (id: string) => void): () => void {
    this.ears.add(ear);
    return () => void this.ears.delete(ear);
  }
}

export function sameState(a: NodeState | undefined, b: NodeState | undefined): boolean {
  return (
    a === b || (a?.state === b?.state && a?.detail === b?.detail && a?.since === b?.since && a?.until === b?.until)
  );
}

class Tally {
  parent: Tally | undefined;
  own: NodeState | undefined;
  readonly counts = new Map<string, number>();

  constructor(readonly id: string) {}

  add(state: string | undefined, by: number): void {
    if (state === undefined) return;
    const count = (this.counts.get(state) ?? 0) + by;
    if (count > 0) this.counts.set(state, count);
    else this.counts.delete(state);
  }
}

/** Counts by state of each drawn group, kept up change by change: one of 5,000 costs as much as one of 5. */
export class StateBook {
  private states = new Map<string, NodeState>();
  private readonly places = new Map<string, number>();
  private tallies = new Map<string, Tally>();
  private readonly total = new Tally('');
  private standIns: readonly string[] = [];
  private readonly dirty = new Set<string>();

  constructor(model: GraphModel) {
    model.nodes.forEach((node, place) => {
      this.places.set(node.id, place);
      this.states.set(node.id, node);
      this.total.add(node.state, 1);
    });
  }

  show(view: View): void {
    this.tallies = new Map(view.items.map((item) => [item.id, new Tally(item.id)]));
    this.standIns = view.standIns;
    for (const item of view.items) {
      const tally = this.tallies.get(item.id);
      if (tally === undefined) continue;
      tally.parent = this.tallies.get(item.parent ?? '');
      if (item.node !== undefined) tally.own = this.states.get(item.node);
    }
    for (const [id, state] of this.states) this.count(id, state.state, 1);
    this.dirty.clear();
    for (const id of this.tallies.keys()) this.dirty.add(id);
  }

  /** From its stand-in upwards; what it is itself, or the head of, does not count it. */
  private count(id: string, state: string | undefined, by: number): void {
    const place = this.places.get(id);
    let tally = place === undefined ? undefined : this.tallies.get(this.standIns[place] ?? '');
    if (tally !== undefined && this.isOwn(tally, id)) tally = tally.parent;
    for (; tally !== undefined; tally = tally.parent) tally.add(state, by);
  }

  private isOwn(tally: Tally, id: string): boolean {
    return tally.own !== undefined && tally.own === this.states.get(id);
  }

  set(id: string, state: NodeState): boolean {
    const before = this.states.get(id);
    const place = this.places.get(id);
    if (place === undefined || sameState(before, state)) return false;
    let tally = this.tallies.get(this.standIns[place] ?? '');
    const own = tally !== undefined && this.isOwn(tally, id) ? tally : undefined;
    if (before?.state !== state.state) {
      this.count(id, before?.state, -1);
      this.count(id, state.state, 1);
      this.total.add(before?.state, -1);
      this.total.add(state.state, 1);
    }
    const merged = { ...state };
    this.states.set(id, merged);
    if (own !== undefined) own.own = merged;
    if (before?.state === state.state) {
      if (tally !== undefined) this.dirty.add(tally.id);
    } else {
      for (; tally !== undefined; tally = tally.parent) this.dirty.add(tally.id);
    }
    return true;
  }

  /** Ids of drawn items that look different now. Each is told once. */
  takeDirty(): string[] {
    const ids = [...this.dirty];
    this.dirty.clear();
    return ids;
  }

  /** Of a node its state; of a group the worst of its members and its own. */
  worst(item: string): string | undefined {
    const tally = this.tallies.get(item);
    return tally === undefined ? undefined : worse(worstOf(tally.counts), tally.own?.state);
  }

  own(item: string): NodeState | undefined {
    return this.tallies.get(item)?.own;
  }

  counts(item: string): StateCounts {
    return this.tallies.get(item)?.counts ?? new Map();
  }

  totals(): StateCounts {
    return this.total.counts;
  }
}
