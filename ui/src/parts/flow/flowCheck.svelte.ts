// The text of a flow as somebody writes it: checked by the server while they write, with what applying it would do.
import { api, take } from '../../api/client';
import { asProblem, isAbort, type ProblemError } from '../../api/problem';
import type { Diagnostic, components } from '../../api/types';

export type PlannedFlow = components['schemas']['PlannedFlow'];

const PAUSE = 400;

export interface Checked {
  /** The text that was checked. */
  text: string;
  valid: boolean;
  /** Namespace and id. */
  flow: string | undefined;
  diagnostics: Diagnostic[];
  /** What applying it would do; undefined where it is not valid, or the caller may not. */
  plan: PlannedFlow | undefined;
}

export class FlowCheck {
  text = $state('');
  checked = $state.raw<Checked>();
  /** The check itself failed, or applying did. */
  error = $state.raw<ProblemError>();
  checking = $state(false);
  applying = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: AbortController | undefined;

  constructor(private readonly fileName: () => string) {}

  get upToDate(): boolean {
    return this.checked?.text === this.text;
  }

  write(text: string): void {
    this.text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.check(), PAUSE);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#running?.abort();
  }

  async check(): Promise<void> {
    clearTimeout(this.#timer);
    this.#running?.abort();
    const mine = new AbortController();
    this.#running = mine;
    this.checking = true;
    try {
      const checked = await this.#ask(this.text, mine.signal);
      if (this.#running !== mine) return;
      this.checked = checked;
      this.error = undefined;
    } catch (error) {
      if (this.#running === mine && !isAbort(error)) this.error = asProblem(error);
    } finally {
      if (this.#running === mine) this.checking = false;
    }
  }

  /** Applies the text; what became of it, or undefined where the server refused. */
  async apply(): Promise<PlannedFlow | undefined> {
    this.applying = true;
    this.error = undefined;
    try {
      const applied = await take(api.POST('/api/v1/flows', { body: { files: [this.#file(this.text)] } }));
      return applied.flows[0];
    } catch (error) {
      this.error = asProblem(error);
      return undefined;
    } finally {
      this.applying = false;
    }
  }

  #file(text: string): { name: string; text: string } {
    return { name: this.fileName(), text };
  }

  async #ask(text: string, signal: AbortSignal): Promise<Checked> {
    const file = this.#file(text);
    const found = await take(api.POST('/api/v1/flows/validate', { body: file, signal }));
    const { valid, diagnostics } = found;
    if (!valid) return { text, valid, flow: found.flow, diagnostics, plan: undefined };
    const plan = await take(api.POST('/api/v1/flows', { body: { files: [file], dry_run: true }, signal }));
    return { text, valid, flow: found.flow, diagnostics, plan: plan.flows[0] };
  }
}
