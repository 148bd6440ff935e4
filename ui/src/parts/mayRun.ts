import { session } from '../api/session.svelte';

/** Why somebody may not steer runs of a namespace; nothing where they may. */
export function refusedRuns(namespace: string): string | undefined {
  if (session.may('operator', namespace)) return undefined;
  return `It takes the role operator in ${namespace === '' ? 'all namespaces' : namespace}. An admin can give it.`;
}
