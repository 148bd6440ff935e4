import { describe, expect, it } from 'vitest';
import { toAdmin, toFlow, toFlowNamed, toHome, toRun, toServer, withQuery } from './address';

describe('addresses', () => {
  it('leave out what is empty', () => {
    expect(withQuery('/ui/runs', { state: 'error', q: '', old: false, page: undefined, n: 0, yes: true })).toBe(
      '/ui/runs?state=error&n=0&yes=true',
    );
    expect(withQuery('/ui/runs')).toBe('/ui/runs');
  });

  it('encode names, and have _ for no namespace', () => {
    expect(toFlow('', 'daily')).toBe('/ui/flows/_/daily');
    expect(toFlow('a.b', 'x y')).toBe('/ui/flows/a.b/x%20y');
    expect(toFlowNamed('a.b/daily', { tab: 'runs' })).toBe('/ui/flows/a.b/daily?tab=runs');
    expect(toFlowNamed('daily')).toBe('/ui/flows/_/daily');
    expect(toServer('acme', 'a/b')).toBe('/ui/network/acme/a%2Fb');
    expect([toHome(), toRun(7), toAdmin(), toAdmin('users')]).toEqual([
      '/ui/',
      '/ui/runs/7',
      '/ui/admin',
      '/ui/admin/users',
    ]);
  });
});
