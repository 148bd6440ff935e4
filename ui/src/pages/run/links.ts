// Addresses within the page of the run: they keep what is not told.
import { withQuery, type Query } from '../../parts/address';
import { route } from '../../parts/route.svelte';
import { TAB_PARAMS } from './tabs';

/** A tab of this run, with what is said; the selected task is kept unless another one is said. */
export function toTab(tab: string, query: Query = {}): string {
  const kept = Object.fromEntries([...route.query].filter(([name]) => !TAB_PARAMS.includes(name)));
  return withQuery(route.path, { ...kept, tab: tab === 'topology' ? undefined : tab, ...query });
}

/** The same view with this task selected. */
export function withTask(task: string | undefined): string {
  return withQuery(route.path, { ...Object.fromEntries(route.query), task });
}
