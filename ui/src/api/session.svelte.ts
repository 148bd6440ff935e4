// Who is logged in, and what they may.
import { api, take, useCsrfToken } from './client';
import type { Me, Role } from './types';

const ORDER: Role[] = ['viewer', 'operator', 'author', 'admin'];

class Session {
  me = $state<Me>();

  /** Asks the server who this is; without a session the client leads to the login page. */
  async load(): Promise<Me> {
    const me: Me = await take(api.GET('/api/v1/me'));
    if (me.csrf_token) useCsrfToken(me.csrf_token);
    this.me = me;
    return me;
  }

  async logIn(body: { user: string; password: string } | { link_token: string }): Promise<void> {
    const session = await take(api.POST('/api/v1/login', { body }));
    useCsrfToken(session.csrf_token);
  }

  async logOut(): Promise<void> {
    await take(api.POST('/api/v1/logout'));
    location.assign('/login');
  }

  /** Whether the user has at least `role` in the namespace; without one: everywhere. */
  may(role: Role, namespace?: string): boolean {
    const least = ORDER.indexOf(role);
    return (this.me?.grants ?? []).some(
      (grant) => ORDER.indexOf(grant.role) >= least && covers(grant.namespace, namespace),
    );
  }

  /** Whether the user has at least `role` anywhere. */
  mayAnywhere(role: Role): boolean {
    const least = ORDER.indexOf(role);
    return (this.me?.grants ?? []).some((grant) => ORDER.indexOf(grant.role) >= least);
  }
}

/** A grant holds for its namespace and all below it. */
function covers(granted: string, namespace: string | undefined): boolean {
  if (granted === '*') return true;
  if (namespace === undefined) return false;
  return namespace === granted || namespace.startsWith(`${granted}.`);
}

export const session = new Session();
