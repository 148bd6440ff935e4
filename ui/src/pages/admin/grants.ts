// Roles, and what somebody may.
import type { Grant, Role } from '../../api';

export const ROLES: Role[] = ['viewer', 'operator', 'author', 'admin'];

export const ROLE_MEANS: Record<Role, string> = {
  viewer: 'sees flows, runs, logs and events',
  operator: 'also starts, cancels and decides runs, settles dead letters, disables flows',
  author: 'also applies flows; everywhere: sets secrets',
  admin: 'also makes tokens for task servers; everywhere: users, all tokens, audit, backup',
};

/** "operator in acme, viewer everywhere". */
export function grantWords(grants: readonly Grant[]): string {
  if (grants.length === 0) return 'nothing';
  return grants
    .map(({ role, namespace }) => `${role} ${namespace === '*' ? 'everywhere' : `in ${namespace}`}`)
    .join(', ');
}

/** As the command line takes them: --grant operator@acme. */
export function grantOptions(grants: readonly Grant[]): string[] {
  return grants.flatMap(({ role, namespace }) => ['--grant', `${role}@${namespace}`]);
}

export function sameGrants(a: readonly Grant[], b: readonly Grant[]): boolean {
  const words = (grants: readonly Grant[]): string =>
    grants
      .map((one) => `${one.role}@${one.namespace}`)
      .sort()
      .join();
  return words(a) === words(b);
}

function holdsFor(granted: string, namespace: string): boolean {
  return granted === '*' || namespace === granted || namespace.startsWith(`${granted}.`);
}

/** Whether somebody with `mine` may give `wanted` to others: nobody gives more than he has. */
export function mayGive(mine: readonly Grant[], wanted: Grant): boolean {
  return mine.some(
    (grant) => ROLES.indexOf(grant.role) >= ROLES.indexOf(wanted.role) && holdsFor(grant.namespace, wanted.namespace),
  );
}

/** What is wrong with a namespace of a grant; undefined: nothing. */
export function flawOfNamespace(namespace: string): string | undefined {
  if (namespace === '*' || /^[a-z0-9][a-z0-9._-]*$/.test(namespace)) return undefined;
  return namespace === ''
    ? 'Name a namespace, or * for everywhere.'
    : 'a to z, 0 to 9, ".", "_" and "-"; or * for everywhere.';
}
