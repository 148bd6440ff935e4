// What the server says of itself, in texts that are no JSON.
import { ProblemError, isAbort } from '../../api';
import { parseMetrics, type Metric } from './metrics';

async function text(path: string, signal: AbortSignal): Promise<{ ok: boolean; text: string; status: number }> {
  try {
    const response = await fetch(path, { cache: 'no-store', signal });
    return { ok: response.ok, text: (await response.text()).slice(0, 1_000_000), status: response.status };
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ProblemError({ status: 0, title: 'Cannot reach the server', detail: `no answer from ${path}` });
  }
}

export const ready = (signal: AbortSignal): Promise<{ ok: boolean; text: string }> => text('/readyz', signal);

export async function figures(signal: AbortSignal): Promise<Metric[]> {
  const answer = await text('/metrics', signal);
  if (answer.ok) return parseMetrics(answer.text);
  throw new ProblemError({ status: answer.status, title: 'The figures cannot be read', detail: '' });
}
