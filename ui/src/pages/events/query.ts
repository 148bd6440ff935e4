// Lists of events, as the address, the API and the command line ask for them.
import { splitName } from '../../text/names';
import { dynaCommand } from '../../text/command';
import { withQuery } from '../../parts/address';

export interface EventFilter {
  /** By its full name, or its id alone. */
  flow: string;
  trigger: string;
  state: string;
}

type EventState = 'pending' | 'run' | 'dead' | 'dropped';

/** As the API takes it: a flow with a slash is one of that namespace alone. */
export function eventQuery({ flow, trigger, state }: EventFilter) {
  const { namespace, flow: id } = splitName(flow);
  return {
    ...(flow.includes('/') && { namespace: namespace || '_' }),
    ...(id && { flow: id }),
    ...(trigger && { trigger }),
    ...(state && { state: state as EventState }),
  };
}

export function eventsCommand({ flow, trigger, state }: EventFilter): string {
  return dynaCommand(
    'events',
    ...(flow ? ['--flow', flow] : []),
    ...(trigger ? ['--trigger', trigger] : []),
    ...(state ? ['--event-state', state] : []),
    '--server',
  );
}

export function eventsCall(filter: EventFilter): { path: string } {
  return { path: withQuery('/api/v1/events', eventQuery(filter)) };
}
