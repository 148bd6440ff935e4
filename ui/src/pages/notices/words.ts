// Why somebody is told of something.
import type { Notice } from '../../api';

export type Kind = Notice['kind'];

export const KINDS: Record<Kind, string> = {
  failed: 'A task or a run of the team has failed.',
  blocked: 'Something of the team does not come, since something else has failed.',
  lost: 'Nothing is heard of a task server any more.',
};

export function whyTold({ kind, team, cause }: Pick<Notice, 'kind' | 'team' | 'cause'>): string {
  const isOwn = cause === undefined || cause === team;
  if (kind === 'failed') return isOwn ? 'it is theirs' : `it is theirs; ${cause} has caused it`;
  if (kind === 'lost') return isOwn ? 'the task server is theirs' : `the task server is of ${cause}`;
  return isOwn ? 'it waits in vain for something of their own' : `it waits in vain for ${cause}`;
}
