// Short words on what was done; errors stay until they are closed.
import { asProblem } from '../api/problem';

export interface Toast {
  id: number;
  tone: 'good' | 'bad' | 'wait';
  title: string;
  detail?: string;
  link?: { href: string; label: string };
}

const SHOWN_FOR = 6000;

class Toasts {
  list = $state<Toast[]>([]);
  #last = 0;

  done(title: string, more: Pick<Toast, 'detail' | 'link'> = {}): void {
    this.#add({ tone: 'good', title, ...more }, SHOWN_FOR);
  }

  note(title: string, more: Pick<Toast, 'detail' | 'link'> = {}): void {
    this.#add({ tone: 'wait', title, ...more }, SHOWN_FOR);
  }

  error(title: string, detail?: string): void {
    this.#add({ tone: 'bad', title, ...(detail ? { detail } : {}) });
  }

  /** What was thrown by a write that has no better place to show it. */
  problem(thrown: unknown): void {
    const problem = asProblem(thrown);
    this.error(
      problem.title,
      [problem.detail, ...problem.errors.map((flaw) => flaw.detail)].filter(Boolean).join('; '),
    );
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(toast: Omit<Toast, 'id'>, shownFor?: number): void {
    this.#last += 1;
    const id = this.#last;
    this.list = [...this.list.slice(-3), { id, ...toast }];
    if (shownFor) setTimeout(() => this.close(id), shownFor);
  }
}

export const toasts = new Toasts();
