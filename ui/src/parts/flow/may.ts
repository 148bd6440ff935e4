import { session } from '../../api/session.svelte';
import type { Role } from '../../api/types';

/** Why somebody may not do what wants `role` in a namespace; nothing where they may. */
export function refusedFor(role: Role, namespace: string): string | undefined {
  if (session.may(role, namespace)) return undefined;
  return `It takes the role ${role} in ${namespace === '' ? 'all namespaces' : namespace}. An admin can give it.`;
}
