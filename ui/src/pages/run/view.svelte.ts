// A run as its page shows it: read once, then kept up by the entries of its history.
import { untrack } from 'svelte';
import { api, asProblem, connection, followRun, isAbort, onLookAgain, take } from '../../api';
import type { Attempt, Hold, ProblemError, Run, RunFlow, Task, Update } from '../../api';
import type { Canonical, CanonicalTask, GraphNode } from '../../graph';
// Not by its index: the picture is fetched by its tab.
import { RunGraph } from '../../graph/run';
import { isFinal } from '../../parts/states';
import { attemptAfter, attemptKey, pendingTask, taskAfter, wantsLook } from './merge';
import { pathInFlow, tasksByPath } from './paths';

/** From so many tasks on it is a large run: lists are drawn again this often at most, the more seldom the larger. */
const LARGE = 300;
const VERY_LARGE = 1500;
const LARGE_PACE = 120;
const VERY_LARGE_PACE = 400;
/** What entries do not tell (outputs, who blocks) is asked for this long after. */
const LOOK_SOON = 700;
const LOOK_LATER = 10_000;

type Listener = (updates: Update[]) => void;

export class RunView {
  run = $state.raw<Run>();
  flow = $state.raw<RunFlow>();
  holds = $state.raw<Hold[]>([]);
  error = $state.raw<ProblemError>();
  /** Its tasks and its flow are there. */
  loaded = $state(false);
  graph = $state.raw<RunGraph>();
  /** Counts up when a task changes: what reads tasks depends on it. */
  version = $state(0);
  attemptsError = $state.raw<ProblemError>();

  #rows = new Map<string, Task>();
  #attempts = $state.raw<Map<string, Attempt>>();
  #specs = new Map<string, CanonicalTask>();
  #last = 0;
  /** Entries that came while the tasks were read again. */
  #meanwhile: Update[] | undefined;
  #listeners = new Set<Listener>();
  #stop: (() => void) | undefined;
  #stopped = new AbortController();
  #look: ReturnType<typeof setTimeout> | undefined;
  #lookAt = Infinity;
  #bump: ReturnType<typeof setTimeout> | undefined;
  #wantsAttempts = false;
  #reading: Promise<void> | undefined;
  #readAgain = false;

  constructor(readonly id: string) {}

  /** In a component. */
  static use(id: string): RunView {
    const view = new RunView(id);
    $effect(() => {
      untrack(() => void view.load());
      const ends = [connection.onBack(view.reload), onLookAgain(view.reload)];
      return () => {
        for (const end of ends) end();
        view.end();
      };
    });
    return view;
  }

  get ended(): boolean {
    return this.run !== undefined && isFinal(this.run.state);
  }

  /** All tasks in the order of the flow; those of which nothing happened are pending. */
  get nodes(): readonly GraphNode[] {
    void this.version;
    return this.graph?.model.nodes ?? [];
  }

  get tasks(): Task[] {
    return this.nodes.map((node) => this.#rows.get(node.id) ?? pendingTask(node.id));
  }

  /** By attemptKey; undefined until they are asked for and have come. */
  get attempts(): ReadonlyMap<string, Attempt> | undefined {
    void this.version;
    return this.#attempts;
  }

  task(path: string): Task | undefined {
    void this.version;
    return this.#rows.get(path) ?? (this.graph?.states.get(path) ? pendingTask(path) : undefined);
  }

  /** What the flow says of a task. */
  spec(path: string): CanonicalTask | undefined {
    void this.flow;
    return this.#specs.get(pathInFlow(path));
  }

  get specs(): ReadonlyMap<string, CanonicalTask> {
    void this.flow;
    return this.#specs;
  }

  hold(path: string): Hold | undefined {
    return this.holds.find((hold) => hold.task === path);
  }

  /** Entries of its history, as they come; returns how to end that. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  load = async (): Promise<void> => {
    try {
      await Promise.all([this.#readRun(), this.#readFlow(), this.#readTasks()]);
      this.error = undefined;
      this.loaded = true;
      // What was read first may be older than the tasks.
      if (!this.ended) {
        await this.#readRun();
        this.#follow();
      }
    } catch (error) {
      if (!isAbort(error)) this.error = asProblem(error);
    }
  };

  /** All anew, as after a write, or when changes may have been missed. While that goes on, once more after it. */
  reload = async (): Promise<void> => {
    if (!this.loaded) return this.load();
    if (this.#reading) {
      this.#readAgain = true;
      return this.#reading;
    }
    do {
      this.#readAgain = false;
      this.#reading = this.#readAll();
      await this.#reading;
      this.#reading = undefined;
    } while (this.#readAgain);
  };

  async #readAll(): Promise<void> {
    try {
      await Promise.all([this.#readRun(), this.#readTasks()]);
      if (this.#attempts && this.#wantsAttempts) await this.#readAttempts();
      if (!this.ended && !this.#stop) this.#follow();
      this.error = undefined;
    } catch (error) {
      if (!isAbort(error)) this.error = asProblem(error);
    }
  }

  /** In a component: its attempts are wanted, and kept up from then on. */
  useAttempts(): void {
    $effect(() => {
      this.#wantsAttempts = true;
      untrack(() => void this.loadAttempts());
      return () => {
        this.#wantsAttempts = false;
      };
    });
  }

  loadAttempts = async (): Promise<void> => {
    try {
      await this.#readAttempts();
      this.attemptsError = undefined;
    } catch (error) {
      if (!isAbort(error)) this.attemptsError = asProblem(error);
    }
  };

  end(): void {
    this.#stop?.();
    this.#stopped.abort();
    clearTimeout(this.#look);
    clearTimeout(this.#bump);
  }

  get #call() {
    return { params: { path: { run: this.id } }, signal: this.#stopped.signal };
  }

  async #readRun(): Promise<void> {
    this.run = await take(api.GET('/api/v1/runs/{run}', this.#call));
  }

  async #readFlow(): Promise<void> {
    if (this.flow) return;
    const flow = await take(api.GET('/api/v1/runs/{run}/flow', this.#call));
    const canonical = flow.canonical as Canonical;
    this.#specs = tasksByPath(canonical);
    this.flow = flow;
    const graph = new RunGraph(canonical);
    graph.rows([...this.#rows.values()], this.holds);
    this.graph = graph;
  }

  async #readTasks(): Promise<void> {
    this.#forgetLook();
    this.#meanwhile = [];
    const { tasks, holds, history_seq } = await take(api.GET('/api/v1/runs/{run}/tasks', this.#call));
    this.#rows = new Map(tasks.map((task) => [task.task, task]));
    this.holds = holds;
    this.graph?.rows(tasks, holds);
    this.#last = Math.max(this.#last, history_seq);
    for (const update of this.#meanwhile) if (update.seq > history_seq) this.#apply(update);
    this.#meanwhile = undefined;
    this.#draw();
  }

  async #readAttempts(): Promise<void> {
    const came: Update[] = [];
    const end = this.listen((updates) => came.push(...updates));
    try {
      const { attempts } = await take(api.GET('/api/v1/runs/{run}/attempts', this.#call));
      const all = new Map(attempts.map((attempt) => [attemptKey(attempt), attempt]));
      for (const update of came) putAttempt(all, update);
      this.#attempts = all;
    } finally {
      end();
    }
  }

  #follow(): void {
    this.#stop?.();
    this.#stop = followRun(this.id, {
      after: this.#last,
      onUpdates: (updates) => this.#take(updates),
      onEnd: () => {
        this.#stop = undefined;
        void this.reload();
      },
    });
  }

  #take(updates: Update[]): void {
    this.#meanwhile?.push(...updates);
    let changed = false;
    for (const update of updates) {
      this.#last = Math.max(this.#last, update.seq);
      if (this.#apply(update)) changed = true;
    }
    if (this.#attempts && this.#wantsAttempts) {
      for (const update of updates) putAttempt(this.#attempts, update);
    }
    for (const listener of [...this.#listeners]) listener(updates);
    this.#draw();
    if (changed) this.#lookIn(0);
    else if (updates.some(wantsLook)) this.#lookIn(this.#rows.size > LARGE ? LOOK_LATER : LOOK_SOON);
  }

  /** Whether it changed the run itself. */
  #apply(update: Update): boolean {
    const { task } = update;
    if (task === undefined) {
      if (this.run && update.state) this.run = { ...this.run, state: update.state as Run['state'] };
      return true;
    }
    this.#rows.set(task, taskAfter(this.#rows.get(task), { ...update, task }));
    this.graph?.update(update);
    return false;
  }

  #draw(): void {
    if (this.#rows.size < LARGE) {
      this.version += 1;
      return;
    }
    const pace = this.#rows.size < VERY_LARGE ? LARGE_PACE : VERY_LARGE_PACE;
    this.#bump ??= setTimeout(() => {
      this.#bump = undefined;
      this.version += 1;
    }, pace);
  }

  #lookIn(wait: number): void {
    const at = Date.now() + wait;
    if (at >= this.#lookAt) return;
    clearTimeout(this.#look);
    this.#lookAt = at;
    this.#look = setTimeout(() => {
      this.#forgetLook();
      // The end of the stream reads all anew by itself.
      if (!this.ended) void this.reload();
    }, wait);
  }

  #forgetLook(): void {
    clearTimeout(this.#look);
    this.#lookAt = Infinity;
  }
}

function putAttempt(all: Map<string, Attempt>, update: Update): void {
  const key = attemptKey({ task: update.task ?? '', attempt: update.attempt ?? 0 });
  const next = attemptAfter(all.get(key), update);
  if (next) all.set(key, next);
}
