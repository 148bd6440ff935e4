// Whom to reach of a team, where the flow that a notice is of names somebody.
import { untrack } from 'svelte';
import { api, take, type Notice } from '../../api';
import { inTurns } from '../../api/all';
import { splitName } from '../../text/names';

/** So many flows are asked for at most: the newest notices are the ones that matter. */
const MOST = 40;

interface Known {
  owner: string;
  contacts: string;
}

export class Contacts {
  #known = $state.raw<ReadonlyMap<string, Known>>(new Map());
  readonly #asked = new Set<string>();

  /** Of the team that is told, and of no other. */
  of({ flow, team }: Notice): string {
    const known = flow ? this.#known.get(flow) : undefined;
    return known && (known.owner === team || splitName(flow ?? '').namespace === team) ? known.contacts : '';
  }

  wantAll(notices: readonly Notice[]): void {
    const flows = new Set(notices.flatMap(({ flow }) => (flow && !this.#asked.has(flow) ? [flow] : [])));
    const wanted = [...flows].slice(0, MOST - this.#asked.size);
    for (const flow of wanted) this.#asked.add(flow);
    if (wanted.length > 0) void untrack(() => this.#ask(wanted));
  }

  async #ask(flows: string[]): Promise<void> {
    const found = new Map<string, Known>();
    await inTurns(flows, 3, async (name) => {
      const { namespace, flow } = splitName(name);
      const path = { namespace: namespace || '_', flow };
      try {
        const { canonical } = await take(api.GET('/api/v1/flows/{namespace}/{flow}', { params: { path } }));
        const form = canonical as { owner?: string; labels?: { contacts?: string } };
        found.set(name, { owner: form.owner ?? '', contacts: form.labels?.contacts ?? '' });
      } catch {
        // A flow that is gone, or not to be seen, names nobody.
      }
    });
    this.#known = new Map([...this.#known, ...found]);
  }
}
