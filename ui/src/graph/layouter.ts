/** Asks the worker for layouts. Only the newest wish counts: what is still being computed for an older one is ended. */
import type { Layout, LayoutInput } from './layout';

interface Answer {
  ticket: number;
  layout?: Layout;
  problem?: string;
}

/** A layout that takes longer than this is worth a new worker when a newer wish comes; else it may just finish. */
const PATIENCE = 250;

export class Layouter {
  private worker: Worker | undefined;
  private ticket = 0;
  private begun = 0;
  private busy = false;
  private waiting: { input: LayoutInput; ticket: number } | undefined;

  constructor(
    private readonly done: (layout: Layout) => void,
    private readonly failed: (problem: string) => void,
  ) {}

  /** Ends in `done` or `failed`, unless a newer wish comes before. */
  ask(input: LayoutInput): void {
    this.ticket += 1;
    if (this.busy && performance.now() - this.begun > PATIENCE) this.end();
    if (this.busy) this.waiting = { input, ticket: this.ticket };
    else this.send(input, this.ticket);
  }

  end(): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.busy = false;
    this.waiting = undefined;
  }

  private send(input: LayoutInput, ticket: number): void {
    this.busy = true;
    this.begun = performance.now();
    try {
      this.worker ??= this.start();
      this.worker.postMessage({ ticket, input });
    } catch {
      void this.here(input, ticket);
    }
  }

  private start(): Worker {
    const worker = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = (event: MessageEvent<Answer>) => this.take(event.data);
    worker.onerror = () => {
      this.end();
      this.failed('The graph could not be laid out.');
    };
    return worker;
  }

  /** Where a page may have no workers, it blocks for a moment. */
  private async here(input: LayoutInput, ticket: number): Promise<void> {
    const { layout } = await import('./layout');
    this.take({ ticket, layout: layout(input) });
  }

  private take(answer: Answer): void {
    this.busy = false;
    const next = this.waiting;
    this.waiting = undefined;
    if (next !== undefined) return this.send(next.input, next.ticket);
    if (answer.ticket !== this.ticket) return;
    if (answer.layout !== undefined) this.done(answer.layout);
    else this.failed(answer.problem ?? 'The graph could not be laid out.');
  }
}
