// What is wished of a rerun.
import type { Run } from '../api/types';
import type { InputsModel } from './inputs/model.svelte';
import type { Json } from './inputs/spec';

export class RerunWish {
  /** A task's path as the flow has it; '': what did not complete. */
  from = $state('');
  noCache = $state(false);
  /** With the flow's version of now. */
  latest = $state(false);
  /** Other inputs are wished. */
  changes = $state(false);
  form = $state.raw<InputsModel>();
  /** The plan could not be made. */
  wrong = $state(false);

  constructor(
    readonly run: Pick<Run, 'run' | 'inputs' | 'state'>,
    from: string,
  ) {
    this.from = from;
  }
}

function changed(wish: RerunWish): Record<string, Json> {
  return wish.changes ? (wish.form?.changes() ?? {}) : {};
}

export function rerunBody(wish: RerunWish): {
  from?: string;
  inputs?: Record<string, never>;
  no_cache?: boolean;
  latest?: boolean;
} {
  const inputs = changed(wish);
  return {
    ...(wish.from && { from: wish.from }),
    ...(Object.keys(inputs).length > 0 && { inputs: inputs as Record<string, never> }),
    ...(wish.noCache && { no_cache: true }),
    ...(wish.latest && { latest: true }),
  };
}

/** As on a command line. */
export function rerunWords(wish: RerunWish): string[] {
  const words = Object.entries(changed(wish)).flatMap(([name, value]) => [
    '-i',
    `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ]);
  return [
    ...(wish.latest ? ['--latest'] : []),
    ...(wish.from ? ['--from', wish.from] : []),
    ...words,
    ...(wish.noCache ? ['--no-cache'] : []),
  ];
}
