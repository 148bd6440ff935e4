// The filters of the list: from the address to the API, and to a command.
import type { RUN_STATES } from '../../parts/states';
import { withQuery } from '../../parts/address';
import { dynaCommand, fromPath } from '../../text';

export interface Filter {
  /** `_` for none; '' for all. */
  namespace: string;
  flow: string;
  state: string;
  unfinished: boolean;
  backfill: string;
  /** Only runs of smaller numbers: then nothing new comes on top. */
  before: string;
}

export const FILTERS = ['namespace', 'flow', 'state', 'unfinished', 'backfill', 'before'];

export function filterOf(query: URLSearchParams): Filter {
  const text = (name: string): string => query.get(name) ?? '';
  return {
    namespace: text('namespace'),
    flow: text('flow'),
    state: text('state'),
    unfinished: text('unfinished') === '1',
    backfill: text('backfill'),
    before: /^[1-9]\d*$/.test(text('before')) ? text('before') : '',
  };
}

export function isNarrowed(filter: Filter): boolean {
  return filter.namespace + filter.flow + filter.state + filter.backfill + filter.before !== '' || filter.unfinished;
}

export interface Asked {
  namespace?: string;
  flow?: string;
  state?: (typeof RUN_STATES)[number];
  unfinished?: boolean;
  backfill?: string;
}

export function askedOf(filter: Filter): Asked {
  return {
    ...(filter.namespace && { namespace: fromPath(filter.namespace) }),
    ...(filter.flow && { flow: filter.flow }),
    ...(filter.state && { state: filter.state as (typeof RUN_STATES)[number] }),
    ...(filter.unfinished && { unfinished: true }),
    ...(filter.backfill && { backfill: filter.backfill }),
  };
}

/** The command has no option for a namespace. */
export function commandOf(filter: Filter): string {
  return dynaCommand(
    'runs',
    ...(filter.flow ? ['--flow', filter.flow] : []),
    ...(filter.state ? ['--run-state', filter.state] : []),
    ...(filter.backfill ? ['--backfill', filter.backfill] : []),
    filter.unfinished && '--unfinished',
    ...(filter.before ? ['--before', filter.before] : []),
  );
}

export function pathOf(filter: Filter): string {
  return withQuery('/api/v1/runs', { ...askedOf(filter), before: filter.before });
}
