import { describe, expect, it } from 'vitest';
import { eventQuery, eventsCall, eventsCommand } from './query';

const all = { flow: '', trigger: '', state: '' };

describe('events', () => {
  it('are asked for by flow, trigger and state', () => {
    expect(eventQuery(all)).toEqual({});
    expect(eventQuery({ flow: 'acme.sales/orders', trigger: 'shop', state: 'dead' })).toEqual({
      namespace: 'acme.sales',
      flow: 'orders',
      trigger: 'shop',
      state: 'dead',
    });
    expect(eventQuery({ ...all, flow: 'orders' })).toEqual({ flow: 'orders' });
    expect(eventQuery({ ...all, flow: '/orders' })).toEqual({ namespace: '_', flow: 'orders' });
  });

  it('are the same for a terminal', () => {
    expect(eventsCommand({ ...all, flow: 'acme/orders', state: 'dead' })).toBe(
      'dyna events --flow acme/orders --event-state dead --server',
    );
    expect(eventsCall({ ...all, trigger: 'shop' }).path).toBe('/api/v1/events?trigger=shop');
  });
});
