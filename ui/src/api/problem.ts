// What went wrong with a call: a problem document (RFC 9457), or no answer at all.
import type { Flaw, Problem } from './types';

export class ProblemError extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly errors: Flaw[];

  constructor(problem: Partial<Problem> & { status: number }) {
    const title = problem.title ?? 'The request failed';
    super(problem.detail ? `${title}: ${problem.detail}` : title);
    this.name = 'ProblemError';
    this.status = problem.status;
    this.code = problem.code ?? 'internal';
    this.title = title;
    this.detail = problem.detail ?? '';
    this.errors = problem.errors ?? [];
  }

  /** Nobody answered, or the server cannot at the moment: asking again may help. */
  get passing(): boolean {
    return this.status === 0 || (this.status >= 502 && this.status <= 504);
  }
}

export function unreachable(): ProblemError {
  return new ProblemError({
    status: 0,
    code: 'unreachable',
    title: 'Cannot reach the server',
    detail: 'no answer came; it is asked again by itself',
  });
}

export function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'title' in value && 'code' in value;
}

/** Any thrown value as a problem, for showing it. */
export function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new ProblemError({ status: -1, code: 'page', title: 'Something went wrong in this page', detail });
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
