// The one way to the API: `await take(api.GET('/api/v1/runs/{run}', { params: { path: { run } }, signal }))`.
import createClient from 'openapi-fetch';
import { connection } from './connection.svelte';
import { ProblemError, isAbort, isProblem, unreachable } from './problem';
import type { paths } from './schema';

/** The server cannot at the moment, or a proxy before it says that nobody is there. */
const AWAY = new Set([502, 503, 504]);
const READS = new Set(['GET', 'HEAD']);

let csrfToken = '';

/** Set by a login, and by the session when the page is loaded. */
export function useCsrfToken(token: string): void {
  csrfToken = token;
}

/** Where somebody who is not logged in is sent, and from where back to `wanted`. */
export function loginAddress(wanted = location.pathname + location.search): string {
  return wanted.startsWith('/ui') && wanted !== '/ui/' ? `/login?to=${encodeURIComponent(wanted)}` : '/login';
}

let leaving = false;

function toLogin(): void {
  if (leaving || location.pathname.startsWith('/login')) return;
  leaving = true;
  location.assign(loginAddress());
}

async function send(request: Request): Promise<Response> {
  if (!READS.has(request.method) && csrfToken !== '') request.headers.set('X-CSRF-Token', csrfToken);
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    if (isAbort(error)) throw error;
    connection.lost();
    throw unreachable();
  }
  if (response.status === 401) toLogin();
  if (AWAY.has(response.status)) connection.lost();
  return response;
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: send });

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer; else a ProblemError is thrown (or, of an aborted call, its AbortError). */
export async function take<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  if (isProblem(error)) throw new ProblemError(error);
  throw new ProblemError({
    status: response.status,
    code: response.status === 401 ? 'unauthenticated' : 'internal',
    title: `The server answered ${response.status}`,
    detail: typeof error === 'string' ? error.slice(0, 200) : '',
  });
}
