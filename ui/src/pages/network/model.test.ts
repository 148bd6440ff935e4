import { describe, expect, it } from 'vitest';
import type { FlowRow, TaskServer } from '../../api';
import type { NetworkFlow } from '../../parts/network/network.svelte';
import type { Need } from '../../parts/network/needs';
import { modelOf, pickedOf } from './model';

function server(team: string, id: string, state: TaskServer['state'] = 'ready'): TaskServer {
  return { team, server: id, state, level: 2, reconnects: 0, revision: 1, tasks: [], slots: {}, in_flight: [] };
}

function flow(name: string, needs: Need[], of?: string): [string, NetworkFlow] {
  const [namespace = '', id = ''] = name.split('/');
  const row: FlowRow = { flow: name, namespace, id, version: 1, hash: name, enabled: true };
  return [name, { row, needs, ...(of && { server: of }) }];
}

const need = (name: string, optional = false): Need => ({ flow: name, optional });
const shown = {
  servers: [server('orders', 'o1'), server('billing', 'b1', 'unreachable')],
  flows: new Map([
    flow('orders/clean', [], 'orders/o1'),
    flow('billing/invoices', [need('orders/clean'), need('etl/rates', true)], 'billing/b1'),
    flow('etl/rates', []),
    flow('etl/report', [need('billing/invoices')]),
    flow('etl/alone', []),
    flow('billing/left', [], 'billing/gone'),
  ]),
  busy: new Map([['orders/clean', 2]]),
  team: '',
};

describe('modelOf', () => {
  const model = modelOf(shown);
  const node = (id: string) => model.nodes.find((one) => one.id === id);

  it('has teams, servers and tasks', () => {
    expect(model.groups?.map(({ id, parent, head }) => [id, parent, head])).toEqual([
      ['orders', null, undefined],
      ['orders/o1', 'orders', 'server:orders/o1'],
      ['billing', null, undefined],
      ['billing/b1', 'billing', 'server:billing/b1'],
      ['etl', null, undefined],
    ]);
    expect(node('flow:orders/clean')).toMatchObject({ group: 'orders/o1', state: 'running', detail: '2 attempts' });
    expect(node('flow:billing/invoices')).toMatchObject({ group: 'billing/b1', state: 'unreachable' });
    expect(node('flow:billing/left')).toMatchObject({ group: 'billing', state: 'gone' });
  });

  it('has other flows only where they belong to it', () => {
    expect(node('flow:etl/rates')).toMatchObject({ kind: 'flow', group: 'etl' });
    expect(node('flow:etl/report')).toBeDefined();
    expect(node('flow:etl/alone')).toBeUndefined();
  });

  it('has an edge for each need', () => {
    expect(model.edges).toEqual([
      { from: 'flow:orders/clean', to: 'flow:billing/invoices', kind: 'need' },
      { from: 'flow:etl/rates', to: 'flow:billing/invoices', kind: 'order' },
      { from: 'flow:billing/invoices', to: 'flow:etl/report', kind: 'need' },
    ]);
  });

  it('shows one team with its neighbours', () => {
    const ids = modelOf({ ...shown, team: 'orders' }).nodes.map((one) => one.id);
    expect(ids).toEqual(['server:orders/o1', 'server:billing/b1', 'flow:orders/clean', 'flow:billing/invoices']);
  });
});

describe('pickedOf', () => {
  it('takes an id apart', () => {
    expect(pickedOf('server:orders/o1')).toEqual({ type: 'server', name: 'orders/o1' });
    expect(pickedOf('else')).toBeUndefined();
  });
});
