/** Runs attempts: calls a task's function, and says how it ended. */
import { Context, type Sink } from './context.ts';
import { Cancelled, type ErrorData, errorData } from './errors.ts';
import type { Level, Start } from './protocol/actions.ts';
import type { AnyTask } from './task.ts';

export type Ending =
  | { readonly state: 'completed'; readonly output: string | undefined; readonly extra: Record<string, unknown> }
  | { readonly state: 'error'; readonly error: ErrorData }
  /** `cleaned`: it has ended because it was told to. */
  | { readonly state: 'cancelled'; readonly cleaned: boolean };

/** Told how attempts go. */
export interface Listener extends Sink {
  began(attempt: string): void;
  ended(attempt: string, ending: Ending): void;
  tell(level: Level, text: string): void;
}

/** Calls the function of a task: the same for a server and a test. */
export async function call(task: AnyTask, context: Context, inputs: unknown): Promise<Ending> {
  try {
    const result = await task.function(context, inputs as never);
    const { aborted, asked } = context._told;
    // One that was told to end, looked, and returned has left the rest of its work undone. One that never looked has
    // done all of it.
    if (aborted && asked) return { state: 'cancelled', cleaned: true };
    return { state: 'completed', output: task.outputText(result), extra: context._extra };
  } catch (thrown) {
    if (context._told.aborted) return { state: 'cancelled', cleaned: isStop(thrown) };
    if (thrown instanceof Cancelled)
      return { state: 'error', error: errorData(new Error('the task has cancelled itself')) };
    return { state: 'error', error: errorData(thrown) };
  }
}

function isStop(thrown: unknown): boolean {
  return thrown instanceof Cancelled || (thrown instanceof Error && thrown.name === 'AbortError');
}

/** An attempt has ended when the listener is told so, not before. */
export class Runner {
  readonly #listener: Listener;
  readonly #running = new Map<string, Context>();
  /** Told to end before they were begun. */
  readonly #stopped = new Set<string>();

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  start({ invoke, entry, inputs }: Start): void {
    const name = invoke.attempt;
    if (this.#stopped.delete(name)) {
      this.#listener.ended(name, { state: 'cancelled', cleaned: true });
      return;
    }
    const context = new Context(invoke, this.#listener);
    this.#running.set(name, context);
    // Not within what the server is at: a function may take its time before it first waits.
    setImmediate(() => void this.#run(entry as unknown as AnyTask, context, inputs));
  }

  async #run(task: AnyTask, context: Context, inputs: unknown): Promise<void> {
    const name = context.attempt;
    let ending: Ending = { state: 'cancelled', cleaned: true };
    if (!context._told.aborted) {
      this.#listener.began(name);
      ending = await call(task, context, inputs);
    }
    this.#running.delete(name);
    this.#listener.ended(name, ending);
  }

  stop(attempt: string, reason: string): void {
    const context = this.#running.get(attempt);
    if (context === undefined) this.#stopped.add(attempt);
    else context._cancel(reason);
  }

  /** Its grace is over. */
  overdue(attempt: string): void {
    if (!this.#running.has(attempt)) return;
    this.#listener.tell('warning', `${attempt} was told to end and runs on: a function cannot be ended by force`);
  }

  stopAll(reason: string): void {
    for (const context of this.#running.values()) context._cancel(reason);
  }
}
