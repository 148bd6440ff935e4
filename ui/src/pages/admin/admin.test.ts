import { describe, expect, it } from 'vitest';
import type { Grant, Token } from '../../api';
import { differences } from './diff';
import { flawOfNamespace, grantOptions, grantWords, mayGive, sameGrants } from './grants';
import { parseMetrics } from './metrics';
import { expiryOf, tokenState, wantedTokens } from './tokens';

const NOW = Date.parse('2026-03-02T12:00:00Z');
const operator: Grant = { role: 'operator', namespace: 'acme' };
const everywhere: Grant = { role: 'viewer', namespace: '*' };

describe('grants', () => {
  it('in words and as options', () => {
    expect(grantWords([operator, everywhere])).toBe('operator in acme, viewer everywhere');
    expect(grantWords([])).toBe('nothing');
    expect(grantOptions([operator])).toEqual(['--grant', 'operator@acme']);
    expect(sameGrants([operator, everywhere], [everywhere, operator])).toBe(true);
    expect(sameGrants([operator], [everywhere])).toBe(false);
  });

  it('are given by who has as much', () => {
    const mine: Grant[] = [{ role: 'author', namespace: 'acme' }];
    expect(mayGive(mine, { role: 'author', namespace: 'acme.sales' })).toBe(true);
    expect(mayGive(mine, { role: 'admin', namespace: 'acme' })).toBe(false);
    expect(mayGive(mine, { role: 'viewer', namespace: 'acmes' })).toBe(false);
    expect(mayGive(mine, everywhere)).toBe(false);
  });

  it('are for namespaces', () => {
    expect(flawOfNamespace('acme.sales')).toBeUndefined();
    expect(flawOfNamespace('*')).toBeUndefined();
    expect(flawOfNamespace('Acme')).toBeDefined();
    expect(flawOfNamespace('')).toBeDefined();
  });
});

describe('tokens', () => {
  const token = (id: string, more: Partial<Token>): Token => ({
    ...{ id, kind: 'personal', name: id, grants: [], created_by: 'user:ann', created_at: '2026-01-01T00:00:00Z' },
    ...more,
  });

  it('are good until they end', () => {
    expect(tokenState(token('a', {}), NOW)).toBe('good');
    expect(tokenState(token('a', { expires_at: '2026-03-02T11:00:00Z' }), NOW)).toBe('expired');
    expect(tokenState(token('a', { revoked_at: '2026-03-02T11:00:00Z' }), NOW)).toBe('revoked');
  });

  it('are chosen', () => {
    const all = [
      token('old', { expires_at: '2026-01-02T00:00:00Z' }),
      token('session', { kind: 'session' }),
      token('mine', { user: 'ann' }),
      token('other', { created_by: 'user:bob', created_at: '2026-02-01T00:00:00Z' }),
    ];
    const ids = (kind: string, state: string, user: string) =>
      wantedTokens(all, { kind, state, user }, NOW).map(({ id }) => id);
    expect(ids('', '', '')).toEqual(['other', 'mine']);
    expect(ids('', '', 'ann')).toEqual(['mine']);
    expect(ids('session', '', '')).toEqual(['session']);
    expect(ids('', 'expired', '')).toEqual(['old']);
  });

  it('end after so many days', () => {
    expect(expiryOf('30', NOW)).toBe('2026-04-01T12:00:00.000Z');
    expect(expiryOf('', NOW)).toBeUndefined();
  });
});

describe('differences', () => {
  it('are told leaf by leaf', () => {
    const before = { name: 'ann', grants: [{ role: 'viewer' }], disabled: true };
    const after = { name: 'ann', grants: [{ role: 'operator' }], version: 2, labels: {} };
    expect(differences(before, after)).toEqual([
      { path: 'name', kind: 'same', before: 'ann', after: 'ann' },
      { path: 'grants.0.role', kind: 'changed', before: 'viewer', after: 'operator' },
      { path: 'disabled', kind: 'removed', before: true },
      { path: 'version', kind: 'added', after: 2 },
      { path: 'labels', kind: 'added', after: {} },
    ]);
  });

  it('of something new, or nothing', () => {
    expect(differences(undefined, { a: 1 })).toEqual([{ path: 'a', kind: 'added', after: 1 }]);
    expect(differences(undefined, undefined)).toEqual([]);
  });
});

describe('parseMetrics', () => {
  it('reads names, labels and values', () => {
    const text = '# HELP up Whether.\n# TYPE up gauge\nup 1\nin{input="a/b",type="x\\"y"} 2.5 170\n';
    expect(parseMetrics(text)).toEqual([
      { key: 'up', name: 'up', labels: {}, value: 1, help: 'Whether.' },
      { key: 'in{input="a/b",type="x\\"y"}', name: 'in', labels: { input: 'a/b', type: 'x"y' }, value: 2.5, help: '' },
    ]);
  });
});
