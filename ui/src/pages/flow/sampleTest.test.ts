import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { sampleTest } from './sampleTest';

it('is a test with fixtures for what acts on the world', () => {
  const text = sampleTest(
    {
      id: 'f',
      inputs: [{ id: 'who' }, { id: 'top', type: 'int', default: 1 }],
      tasks: [
        { id: 'fetch', type: 'shell' },
        { id: 'each', type: 'foreach', tasks: [{ id: 'store', type: 'shell' }] },
        { id: 'ask', type: 'pause' },
        { id: 'say', type: 'log' },
      ],
      errors: [{ id: 'alarm', type: 'shell' }],
    },
    'f.yaml',
  );
  const [test] = parse(text).tests;
  expect(Object.keys(test.inputs)).toEqual(['who']);
  expect(Object.keys(test.fixtures)).toEqual(['fetch', 'each/store', 'ask']);
  expect(test.expect).toEqual({ state: 'completed', tasks: { fetch: 'completed' } });
});
