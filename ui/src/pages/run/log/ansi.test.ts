import { describe, expect, it } from 'vitest';
import { hitsIn, partsOf, plain } from './ansi';

const E = '\u001b';

describe('plain', () => {
  it('leaves out colours, titles and moves', () => {
    expect(plain(`${E}[1;31mred${E}[0m ${E}]0;title\u0007and${E}[2K${E}[1A text`)).toBe('red and text');
  });
});

describe('partsOf', () => {
  it('has classes for base colours and decorations', () => {
    const parts = partsOf(`${E}[1;31mbad${E}[0m good ${E}[44mon blue`);
    expect(parts.map((part) => [part.text, part.classes])).toEqual([
      ['bad', 'ansi-bold ansi-red'],
      [' good ', ''],
      ['on blue', 'ansi-blue-bg'],
    ]);
  });

  it('has colours for the others', () => {
    expect(partsOf(`${E}[38;2;1;2;3mx`)[0]?.colour).toBe('rgb(1, 2, 3)');
    expect(partsOf(`${E}[38;5;196mx`)[0]?.colour).toBe('rgb(255, 0, 0)');
    expect(partsOf(`${E}[48;5;240mx`)[0]?.ground).toBe('rgb(88, 88, 88)');
  });

  it('never makes markup of text', () => {
    expect(partsOf(`<b>${E}[32m&amp;</b>`).map((part) => part.text)).toEqual(['<b>', '&amp;</b>']);
  });

  it('marks what is looked for, across colours', () => {
    const parts = partsOf(`one ${E}[32mtw${E}[0mo three two`, 'TWO');
    expect(parts.filter((part) => part.hit).map((part) => part.text)).toEqual(['tw', 'o', 'two']);
    expect(parts.map((part) => part.text).join('')).toBe('one two three two');
  });
});

it('finds all places', () => {
  expect(hitsIn('aXaXa', 'xa')).toEqual([1, 3]);
  expect(hitsIn('abc', '')).toEqual([]);
});
