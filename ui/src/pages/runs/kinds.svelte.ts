// Of which type triggers are: the list of runs has their names alone.
import { api, resource, take } from '../../api';
import { readAll } from '../../api/all';
import { fullName } from '../../text';

const PAGE = 500;
const PAGES = 4;

export interface Kinds {
  of(run: { namespace: string; flow: string; trigger: string | undefined }): string | undefined;
}

/** In a component. */
export function triggerKinds(): Kinds {
  const triggers = resource((signal) =>
    readAll(
      async (after, inner) => {
        const query = { limit: PAGE, ...(after && { after }) };
        const page = await take(api.GET('/api/v1/triggers', { params: { query }, signal: inner }));
        return { items: page.triggers, next: page.next };
      },
      signal,
      { most: PAGES },
    ),
  );
  const types = $derived(new Map(triggers.data?.items.map((one) => [`${one.flow} ${one.trigger}`, one.type])));
  return {
    of: ({ namespace, flow, trigger }) => (trigger ? types.get(`${fullName(namespace, flow)} ${trigger}`) : undefined),
  };
}
