import { describe, expect, it } from 'vitest';
import { firstBytes, previewOf, textOf, wholeLines } from './preview';

it.each([
  ['a/table.CSV', 10, 'csv'],
  ['x.json', 10, 'json'],
  ['x.json', 10 ** 9, 'text'],
  ['plot.svg', 10, 'image'],
  ['plot.png', 10 ** 9, undefined],
  ['data.parquet', 10, undefined],
  ['README', 10, 'text'],
])('%s of %d bytes is shown as %s', (name, bytes, kind) => expect(previewOf(name, bytes)).toBe(kind));

describe('firstBytes', () => {
  const response = (...parts: string[]) =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
          controller.close();
        },
      }),
    );

  it('takes all of what is short', async () => {
    const { bytes, cut } = await firstBytes(response('ab', 'cd'), 10);
    expect([textOf(bytes, cut), cut]).toEqual(['abcd', false]);
  });

  it('cuts what is long, also within a character', async () => {
    const { bytes, cut } = await firstBytes(response('aaé', 'bbb'), 3);
    expect([textOf(bytes, cut), cut]).toEqual(['aa', true]);
  });
});

it('knows what is no text', () => {
  expect(textOf(new Uint8Array([1, 0, 2]), false)).toBeUndefined();
});

it('leaves out a line that was cut', () => {
  expect([wholeLines('a\nb\nc', true), wholeLines('a\nb', false)]).toEqual(['a\nb\n', 'a\nb']);
});
