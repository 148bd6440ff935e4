import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { flowAsYaml } from './flowText';

const canonical = {
  description: 'Loads.',
  id: 'daily',
  inputs: [{ default: 'a', id: 'x', type: 'string' }],
  namespace: 'shop',
  tasks: [
    {
      id: 'fetch',
      retry: { attempts: 2, delay: '100ms' },
      script: 'echo 1\necho 2\n',
      timeouts: { complete: '600000ms' },
      type: 'shell',
    },
  ],
  triggers: [{ cron: '0 2 * * *', id: 'night', type: 'schedule', window: '604800000ms' }],
};

it('is the same flow, in an order that is read', () => {
  const text = flowAsYaml(canonical);
  expect(text).toBe(`id: daily
namespace: shop
description: Loads.
inputs:
  - id: x
    type: string
    default: a
tasks:
  - id: fetch
    type: shell
    script: |
      echo 1
      echo 2
    retry:
      attempts: 2
      delay: 100ms
    timeouts:
      complete: 10m
triggers:
  - id: night
    type: schedule
    cron: 0 2 * * *
    window: 7d
`);
  expect(parse(text).tasks[0].script).toBe('echo 1\necho 2\n');
});

it('keeps texts that look like something else', () => {
  const odd = { id: 'x', vars: { a: 'yes', b: '1', c: 'null', d: '2026-01-01', within: 'a: b', for: 'ever' } };
  expect(parse(flowAsYaml(odd))).toEqual(odd);
});

it("puts nothing differently that is the flow's own", () => {
  const own = {
    id: 'x',
    vars: { timeout: '90000ms', type: 'z', b: 1, id: 'y' },
    env: { time: '60000ms' },
    triggers: [{ id: 't', type: 'schedule', inputs: { delay: '90000ms' }, window: '60000ms' }],
  };
  const text = flowAsYaml(own);
  expect(text).toContain('timeout: 90000ms');
  expect(text).toContain('time: 60000ms');
  expect(text).toContain('delay: 90000ms');
  expect(text).toContain('window: 1m');
  expect(Object.keys(parse(text).vars)).toEqual(['timeout', 'type', 'b', 'id']);
});
