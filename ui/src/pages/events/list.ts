import { api, take, type Event, type Page } from '../../api';
import { eventQuery, type EventFilter } from './query';

export async function eventPage(
  filter: EventFilter,
  before: string | undefined,
  signal: AbortSignal,
  limit = 50,
): Promise<Page<Event>> {
  const query = { ...eventQuery(filter), limit, ...(before ? { before: Number(before) } : {}) };
  const page = await take(api.GET('/api/v1/events', { params: { query }, signal }));
  return { items: page.events, next: page.next };
}
