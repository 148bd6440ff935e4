import { describe, expect, it } from 'vitest';
import { StateBook, StateFeed } from './live';
import type { GraphModel } from './model';
import { rankedCounts, worse, worstOf } from './states';
import { viewOf } from './view';

const model: GraphModel = {
  nodes: [
    { id: 'each', label: 'each', state: 'started' },
    { id: 'each[0]/a', label: 'a', group: 'each[0]', state: 'pending' },
    { id: 'each[1]/a', label: 'a', group: 'each[1]', state: 'pending' },
    { id: 'after', label: 'after', state: 'pending' },
  ],
  edges: [{ from: 'each', to: 'after' }],
};

function book(closed: string[] = []): StateBook {
  const made = new StateBook(model);
  made.show(viewOf(model, { closed }));
  made.takeDirty();
  return made;
}

describe('states', () => {
  it('knows the worst', () => {
    expect(worse('completed', 'error')).toBe('error');
    expect(worse('completed', 'skipped')).toBe('completed');
    expect(worse(undefined, 'pending')).toBe('pending');
    expect(worse('completed', 'what comes later')).toBe('what comes later');
    expect(
      worstOf(
        new Map([
          ['completed', 5],
          ['error', 0],
          ['started', 1],
        ]),
      ),
    ).toBe('started');
    expect(worstOf(new Map())).toBeUndefined();
  });

  it('counts worst first', () => {
    const counts = new Map([
      ['completed', 5],
      ['pending', 0],
      ['error', 2],
    ]);
    expect(rankedCounts(counts)).toEqual([
      ['error', 2],
      ['completed', 5],
    ]);
  });
});

describe('StateBook', () => {
  it('counts members, without the head', () => {
    const made = book(['each']);
    expect([...made.counts('each')]).toEqual([['pending', 2]]);
    expect(made.worst('each')).toBe('started');
    expect([...made.totals()]).toEqual([
      ['started', 1],
      ['pending', 3],
    ]);
  });

  it('tells which drawn items a change touches', () => {
    const made = book();
    made.set('each[1]/a', { state: 'error', detail: 'EXIT' });
    expect(made.takeDirty().sort()).toEqual(['each', 'each[1]', 'each[1]/a']);
    expect([...made.counts('each')]).toEqual([
      ['pending', 1],
      ['error', 1],
    ]);
    expect(made.worst('each')).toBe('error');
    expect(made.own('each[1]/a')).toEqual({ state: 'error', detail: 'EXIT' });
    expect(made.takeDirty()).toEqual([]);
  });

  it('touches only the node where its state stays', () => {
    const made = book();
    made.set('each[1]/a', { state: 'pending', detail: 'attempt 2' });
    expect(made.takeDirty()).toEqual(['each[1]/a']);
    made.set('each[1]/a', { state: 'pending', detail: 'attempt 2' });
    expect(made.takeDirty()).toEqual([]);
  });

  it('keeps head and members apart', () => {
    const made = book(['each']);
    made.set('each', { state: 'completed' });
    made.set('each[0]/a', { state: 'completed' });
    made.set('each[1]/a', { state: 'completed' });
    expect([...made.counts('each')]).toEqual([['completed', 2]]);
    expect(made.worst('each')).toBe('completed');
    made.show(viewOf(model));
    expect([...made.counts('each')]).toEqual([['completed', 2]]);
    expect(made.worst('each[0]')).toBe('completed');
  });

  it('passes over nodes that it does not have', () => {
    expect(book().set('nobody', { state: 'error' })).toBe(false);
  });

  it('loses none of 5,000 nodes in 200,000 changes', () => {
    const nodes = Array.from({ length: 5000 }, (_, i) => ({ id: `n${i}`, label: `n${i}`, state: 'pending' }));
    const many: GraphModel = { nodes, edges: [] };
    const made = new StateBook(many);
    made.show(viewOf(many));
    for (let i = 0; i < 200_000; i += 1) {
      made.set(`n${(i * 7919) % 5000}`, { state: i % 2 === 0 ? 'started' : 'completed' });
    }
    expect([...made.totals().values()].reduce((a, b) => a + b)).toBe(5000);
  });
});

describe('StateFeed', () => {
  it('tells what changed, until nobody listens', () => {
    const feed = new StateFeed();
    const heard: string[] = [];
    const end = feed.listen((id) => heard.push(id));
    feed.set('a', { state: 'started' });
    end();
    feed.set('b', { state: 'started' });
    expect(heard).toEqual(['a']);
    expect(feed.get('b')).toEqual({ state: 'started' });
  });
});
