// What the tasks of a run wait for; asked again while the run goes on.
import { api, resource, take, type Resource, type components } from '../../api';
import type { RunView } from './view.svelte';

type Why = components['schemas']['Why'];

/** Waiting changes by other runs, too: a slot is free, a time has come. */
const EVERY = 5000;

/** In a component. */
export function whyOf(view: RunView): Resource<Why> {
  const why = resource(
    (signal) => take(api.GET('/api/v1/runs/{run}/why', { params: { path: { run: view.id } }, signal })),
    {
      every: EVERY,
    },
  );
  $effect(() => {
    void view.version;
    if (!view.ended) why.reloadSoon();
  });
  return why;
}
