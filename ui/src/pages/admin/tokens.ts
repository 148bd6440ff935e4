// What becomes of tokens, and when they end.
import type { Token } from '../../api';

export type TokenState = 'good' | 'expired' | 'revoked';

export function tokenState(token: Pick<Token, 'expires_at' | 'revoked_at'>, now: number): TokenState {
  if (token.revoked_at) return 'revoked';
  return token.expires_at && Date.parse(token.expires_at) <= now ? 'expired' : 'good';
}

export interface TokenFilter {
  /** '' : all but sessions and login links, of which there are many. */
  kind: string;
  /** '' : those that are good. */
  state: string;
  /** Only of this user; '': of all. */
  user: string;
}

export function wantedTokens(tokens: readonly Token[], { kind, state, user }: TokenFilter, now: number): Token[] {
  return tokens
    .filter((token) => (kind === '' ? token.kind !== 'session' && token.kind !== 'login' : token.kind === kind))
    .filter((token) => state === 'all' || tokenState(token, now) === (state || 'good'))
    .filter((token) => user === '' || token.user === user || token.created_by === `user:${user}`)
    .sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at));
}

export const LIFETIMES = [
  { value: '30', label: 'in 30 days' },
  { value: '90', label: 'in 90 days' },
  { value: '365', label: 'in a year' },
  { value: '', label: 'never' },
] as const;

/** The time so many days from now, for the API; undefined: never. */
export function expiryOf(days: string, now: number): string | undefined {
  return days === '' ? undefined : new Date(now + Number(days) * 86_400_000).toISOString();
}
