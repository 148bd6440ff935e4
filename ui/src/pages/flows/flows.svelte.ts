// What the list of flows shows: all flows, and when each is due next.
import { api, onChanged, resource, take, type FlowRow, type Resource, type Trigger } from '../../api';
import { readAll, type All } from '../../api/all';

const PAGE = 500;
const FLOW_PAGES = 20;
const TRIGGER_PAGES = 4;
const TRIGGERS_EVERY = 60_000;

/** In a component. `removed`: those that were removed, too. */
export function allFlows(removed: () => boolean): Resource<All<FlowRow>> {
  const flows = resource((signal) => {
    const query = { limit: PAGE, ...(removed() ? { removed: true } : {}) };
    const load = async (after: string | undefined) => {
      const whole = { ...query, ...(after ? { after } : {}) };
      const page = await take(api.GET('/api/v1/flows', { params: { query: whole }, signal }));
      return { items: page.flows, next: page.next };
    };
    return readAll(load, signal, { most: FLOW_PAGES });
  });
  $effect(() => onChanged('flows', flows.reloadSoon));
  return flows;
}

/** What starts a flow by itself. */
export interface Starts {
  /** When a schedule is due next. */
  next?: string;
  /** Its trigger. */
  trigger?: string;
  /** Types of triggers that are no schedules: webhook, kafka. */
  others: string[];
}

/** By full name. */
export function startsOf(triggers: Trigger[]): Map<string, Starts> {
  const found = new Map<string, Starts>();
  for (const one of triggers) {
    const starts = found.get(one.flow) ?? { others: [] };
    found.set(one.flow, starts);
    if (one.disabled) continue;
    if (one.type !== 'schedule' && !starts.others.includes(one.type)) starts.others.push(one.type);
    if (one.next && (!starts.next || one.next < starts.next)) {
      starts.next = one.next;
      starts.trigger = one.trigger;
    }
  }
  return found;
}

/** In a component. They are asked for again each minute: what they wait for changes far more often than they do. */
export function allStarts(): Resource<Map<string, Starts>> {
  const starts = resource(
    async (signal) => {
      const load = async (after: string | undefined) => {
        const query = { limit: PAGE, ...(after ? { after } : {}) };
        const page = await take(api.GET('/api/v1/triggers', { params: { query }, signal }));
        return { items: page.triggers, next: page.next };
      };
      return startsOf((await readAll(load, signal, { most: TRIGGER_PAGES })).items);
    },
    { every: TRIGGERS_EVERY },
  );
  $effect(() => onChanged('flows', starts.reloadSoon));
  return starts;
}
