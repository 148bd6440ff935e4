// What changes on the server, as it changes: one connection for the whole app, and one for each run that is followed.
import { api } from './client';
import { connection } from './connection.svelte';
import type { RunState, Update } from './types';

/** A run whose state is another now. */
export interface RunChange {
  run: number;
  id: string;
  flow: string;
  namespace: string;
  state: RunState;
}

/** Lists of the API that may look different. */
export type Changed = 'runs' | 'flows' | 'backfills' | 'pools' | 'triggers';

export type LiveState = 'off' | 'connecting' | 'on';

type RunsListener = (changes: RunChange[]) => void;
type ChangedListener = (what: Changed) => void;
type LookListener = () => void;

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;

/** Collects until the next frame, so that a burst of messages is drawn once. */
function perFrame(work: () => void): () => void {
  let planned = false;
  return () => {
    if (planned) return;
    planned = true;
    requestAnimationFrame(() => {
      planned = false;
      work();
    });
  };
}

/** An EventSource that is let go while the page is hidden and comes again when the server refused it. */
class Stream {
  #source: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wait = FIRST_WAIT;
  #ended = false;

  constructor(
    private readonly address: () => string,
    private readonly wire: (source: EventSource) => void,
    private readonly told: (state: LiveState) => void = () => {},
  ) {
    document.addEventListener('visibilitychange', this.#seen);
    this.#seen();
  }

  end(): void {
    this.#ended = true;
    document.removeEventListener('visibilitychange', this.#seen);
    this.#close('off');
  }

  #seen = (): void => {
    if (document.hidden) this.#close('off');
    else if (!this.#source) this.#open();
  };

  #open = (): void => {
    clearTimeout(this.#timer);
    if (this.#ended || document.hidden) return;
    this.told('connecting');
    const source = new EventSource(this.address());
    this.#source = source;
    source.addEventListener('open', () => {
      this.#wait = FIRST_WAIT;
      this.told('on');
    });
    source.addEventListener('error', () => this.#failed(source));
    this.wire(source);
  };

  #failed(source: EventSource): void {
    if (this.#source !== source) return;
    this.told('connecting');
    void connection.check();
    // The browser connects again by itself, but not after an answer that is no stream.
    if (source.readyState !== EventSource.CLOSED) return;
    this.#close('connecting');
    // A session that is over is seen by this call, which leads to the login page.
    void api.GET('/api/v1/me').catch(() => {});
    this.#timer = setTimeout(this.#open, this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }

  #close(state: LiveState): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = undefined;
    this.told(state);
  }
}

class LiveRuns {
  /** Of the shared connection: for the dot in the header. */
  state = $state<LiveState>('off');
  #runs = new Set<RunsListener>();
  #changed = new Set<ChangedListener>();
  #look = new Set<LookListener>();
  #pendingRuns = new Map<number, RunChange>();
  #pendingLists = new Set<Changed>();
  #openedBefore = false;
  #stream: Stream | undefined;

  start(): void {
    this.#stream ??= new Stream(
      () => '/api/v1/live/runs',
      (source) => this.#wire(source),
      (state) => {
        this.state = state;
      },
    );
  }

  stop(): void {
    this.#stream?.end();
    this.#stream = undefined;
  }

  listenRuns(listener: RunsListener): () => void {
    this.#runs.add(listener);
    return () => this.#runs.delete(listener);
  }

  listenChanged(listener: ChangedListener): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }

  listenLook(listener: LookListener): () => void {
    this.#look.add(listener);
    return () => this.#look.delete(listener);
  }

  #wire(source: EventSource): void {
    let known = false;
    source.addEventListener('open', () => {
      // A connection without an id of its own before begins with what is to come: what was between is unknown.
      if (this.#openedBefore && !known) this.#lookAgain();
      this.#openedBefore = true;
    });
    source.addEventListener('run', (message: MessageEvent<string>) => {
      known = true;
      const change = JSON.parse(message.data) as RunChange;
      this.#pendingRuns.set(change.run, change);
      this.#pendingLists.add('runs');
      this.#flush();
    });
    source.addEventListener('changed', (message: MessageEvent<string>) => {
      known = true;
      this.#pendingLists.add((JSON.parse(message.data) as { what: Changed }).what);
      this.#flush();
    });
    source.addEventListener('reset', () => {
      known = true;
      this.#lookAgain();
    });
  }

  #lookAgain = (): void => {
    for (const listener of [...this.#look]) listener();
  };

  #flush = perFrame(() => {
    const changes = [...this.#pendingRuns.values()];
    const lists = [...this.#pendingLists];
    this.#pendingRuns.clear();
    this.#pendingLists.clear();
    if (changes.length > 0) for (const listener of [...this.#runs]) listener(changes);
    for (const what of lists) for (const listener of [...this.#changed]) listener(what);
  });
}

export const live = new LiveRuns();

/** Runs whose state changed, at most once a frame, each with its newest state. Returns how to end that. */
export function onRunChanged(listener: RunsListener): () => void {
  return live.listenRuns(listener);
}

/** Something in these lists looks different. `resource.reloadSoon` is a good answer. */
export function onChanged(what: Changed | Changed[], listener: () => void): () => void {
  const wanted = [what].flat();
  return live.listenChanged((list) => {
    if (wanted.includes(list)) listener();
  });
}

/** Changes may have been missed: everything shown is to be asked for again. A `resource` does so by itself. */
export function onLookAgain(listener: LookListener): () => void {
  return live.listenLook(listener);
}

/** In a component: loads `made` again whenever one of the lists changes. */
export function reloadOn(what: Changed | Changed[], made: { reloadSoon(): void }): void {
  $effect(() => onChanged(what, () => made.reloadSoon()));
}

export interface Following {
  /** Entries of its history, in order, at most once a frame. */
  onUpdates: (updates: Update[]) => void;
  /** It has ended, or is gone (without a state): nothing more comes. */
  onEnd?: (state: RunState | undefined) => void;
  /** Only what is newer than this entry of its history: `history_seq` of its tasks. */
  after?: number;
}

/** Follows a run until it ends; returns how to stop before. */
export function followRun(run: number | string, { onUpdates, onEnd, after = 0 }: Following): () => void {
  let last = after;
  let pending: Update[] = [];
  let ended: { state?: RunState } | undefined;
  let stopped = false;
  const flush = perFrame(() => {
    if (stopped) return;
    const updates = pending;
    pending = [];
    if (updates.length > 0) onUpdates(updates);
    if (ended) {
      stop();
      onEnd?.(ended.state);
    }
  });
  const stream = new Stream(
    () => `/api/v1/runs/${run}/events?after=${last}`,
    (source) => {
      source.addEventListener('update', (message: MessageEvent<string>) => {
        const update = JSON.parse(message.data) as Update;
        if (update.seq <= last) return;
        last = update.seq;
        pending.push(update);
        flush();
      });
      source.addEventListener('end', (message: MessageEvent<string>) => {
        source.close();
        ended = JSON.parse(message.data) as { state?: RunState };
        flush();
      });
    },
  );
  const stop = (): void => {
    stopped = true;
    stream.end();
  };
  return stop;
}
