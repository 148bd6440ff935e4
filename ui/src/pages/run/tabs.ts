// The tabs of a run, and which of them there is something for.
import type { RunView } from './view.svelte';

export const DATA_STEPS = new Set(['load', 'check', 'standardize', 'secure', 'merge', 'transform', 'guard', 'share']);

export interface RunTab {
  id: string;
  label: string;
  count?: number | undefined;
}

/** Parameters that belong to one tab. */
export const TAB_PARAMS = [
  'q',
  'state',
  'sort',
  'view',
  'fold',
  'attempt',
  'at',
  'line',
  'wrap',
  'time',
  'file',
  'of',
  'from',
  'to',
];

/** Tabs whose subject is the selected task: no panel beside them. */
export const OF_ONE_TASK = new Set(['log', 'data']);

export function tabsOf(view: RunView, chosen: string): RunTab[] {
  const types = new Set([...view.specs.values()].map((spec) => spec.type));
  const hasData = [...DATA_STEPS].some((type) => types.has(type));
  const hasServers = types.has('invoke');
  const tabs: (RunTab & { shown?: boolean })[] = [
    { id: 'topology', label: 'Topology' },
    { id: 'timeline', label: 'Timeline' },
    { id: 'tasks', label: 'Tasks', count: view.loaded ? view.nodes.length : undefined },
    { id: 'log', label: 'Log' },
    { id: 'outputs', label: 'Outputs and files' },
    { id: 'data', label: 'Data', shown: hasData },
    { id: 'attempts', label: 'Attempts' },
    { id: 'why', label: 'Why' },
    { id: 'messages', label: 'Messages', shown: hasServers },
    { id: 'history', label: 'History' },
  ];
  return tabs.filter((tab) => tab.shown !== false || tab.id === chosen);
}
