import { describe, expect, it } from 'vitest';
import {
  bytes,
  count,
  counted,
  curlOf,
  dynaCommand,
  fits,
  fromPath,
  fullName,
  inPath,
  listed,
  percent,
  splitName,
} from '.';

describe('numbers', () => {
  it('groups and counts', () => {
    expect(count(1234567)).toBe('1,234,567');
    expect(counted(1, 'run')).toBe('1 run');
    expect(counted(0, 'run')).toBe('0 runs');
    expect(counted(2, 'retry', 'retries')).toBe('2 retries');
  });

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [150 * 1024, '150 KiB'],
    [3 * 1024 ** 4, '3.0 TiB'],
  ])('%d bytes', (value, words) => expect(bytes(value)).toBe(words));

  it('never rounds to nothing or all', () => {
    expect(percent(1, 1000)).toBe('<1 %');
    expect(percent(999, 1000)).toBe('99 %');
    expect(percent(1000, 1000)).toBe('100 %');
    expect(percent(1, 0)).toBe('0 %');
  });

  it('lists words', () => {
    expect([listed([]), listed(['a']), listed(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c']);
  });
});

describe('names', () => {
  it('has _ for no namespace', () => {
    expect([inPath(''), inPath('a.b'), fromPath('_'), fromPath('a.b')]).toEqual(['_', 'a.b', '', 'a.b']);
  });

  it('puts names together and apart', () => {
    expect(fullName('', 'daily')).toBe('daily');
    expect(splitName(fullName('a.b', 'daily'))).toEqual({ namespace: 'a.b', flow: 'daily' });
    expect(splitName('daily')).toEqual({ namespace: '', flow: 'daily' });
  });
});

describe('commands', () => {
  it('quotes what a shell would take apart', () => {
    expect(dynaCommand('run', 'a/b', '--input', "who=Ann O'Neil")).toBe("dyna run a/b --input 'who=Ann O'\\''Neil'");
    expect(dynaCommand('runs', false, undefined, '', 7)).toBe('dyna runs 7');
  });

  it('writes curl', () => {
    expect(curlOf('http://h', { path: '/api/v1/runs?state=error' })).toBe(
      'curl -fsS -H "Authorization: Bearer $DYNA_TOKEN" \'http://h/api/v1/runs?state=error\'',
    );
    expect(curlOf('http://h', { path: '/x', method: 'POST', body: { a: 1 } })).toContain('-X POST');
  });
});

describe('search', () => {
  it('wants every word, in any order', () => {
    expect(fits('load shop', 'shop/daily-load')).toBe(true);
    expect(fits('Load x', 'shop/daily-load')).toBe(false);
    expect(fits('', 'anything')).toBe(true);
  });
});
