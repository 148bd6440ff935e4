import { describe, expect, it } from 'vitest';
import type { GitFollow } from '../../api';
import { branchOf, commitPage, placeOf, shortCommit, standingOf } from './words';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);

function follow(more: Partial<GitFollow> = {}): GitFollow {
  return { namespace: 'acme', url: 'https://h/a', branch: 'main', push: false, prune: true, every_ms: 60_000,
    busy: false, errors: [], edits: [], ...more }; // prettier-ignore
}

describe('standingOf', () => {
  it.each([
    ['waiting', {}],
    ['waiting', { applied: { commit: A }, seen: { commit: B } }],
    ['well', { applied: { commit: A }, seen: { commit: A } }],
    ['wrong', { applied: { commit: A }, seen: { commit: A }, problem: 'no connection' }],
  ] as const)('is %s', (standing, more) => {
    expect(standingOf(follow(more))).toBe(standing);
  });
});

describe('commitPage', () => {
  it.each([
    ['https://github.com/acme/flows.git', `https://github.com/acme/flows/commit/${A}`],
    ['git@gitlab.example.com:acme/deep/flows.git', `https://gitlab.example.com/acme/deep/flows/-/commit/${A}`],
    ['ssh://git@codeberg.org/acme/flows', `https://codeberg.org/acme/flows/commit/${A}`],
  ])('of %s', (url, page) => {
    expect(commitPage(url, A)).toBe(page);
  });

  it.each(['https://git.example.com/a.git', 'file:///srv/a.git', 'javascript://github.com/a', 'https://github.com'])(
    'is unknown for %s',
    (url) => {
      expect(commitPage(url, A)).toBeUndefined();
    },
  );

  it('wants a commit', () => {
    expect(commitPage('https://github.com/a/b', '../../x')).toBeUndefined();
  });
});

describe('words', () => {
  it('are short', () => {
    expect(shortCommit(A)).toBe('aaaaaaaaaa');
    expect(shortCommit(undefined)).toBe('');
    expect(branchOf({ branch: 'main' })).toBe('main');
    expect(branchOf({ branch: 'main', folder: 'flows' })).toBe('main, folder flows');
    expect(placeOf({ file: 'a.yaml', line: 3, column: 5 })).toBe('a.yaml:3:5');
    expect(placeOf({ file: 'a.yaml' })).toBe('a.yaml');
    expect(placeOf({})).toBe('');
  });
});
