// Why somebody is told of something.
import type { Notice } from '../../api';

export type Kind = Notice['kind'];

export const KINDS: Record<Kind, string> = {
  failed: 'A task or a run of the team has failed.',
  blocked: 'Something of the team does not come, since something else has failed.',
  lost: 'Nothing is heard of a task server any more.',
  held: 'A task of the team waits for a person.',
  retrying: 'An attempt of a task of the team has failed, and another one follows.',
  late: 'A run of the team’s flow takes longer than was expected.',
  stuck: 'A task of the team may run, and nobody begins it.',
};

export function whyTold({ kind, team, cause }: Pick<Notice, 'kind' | 'team' | 'cause'>): string {
  const isOwn = cause === undefined || cause === team;
  if (kind === 'lost') return isOwn ? 'the task server is theirs' : `the task server is of ${cause}`;
  if (kind !== 'blocked') return isOwn ? 'it is theirs' : `it is theirs; ${cause} has caused it`;
  return isOwn ? 'it waits in vain for something of their own' : `it waits in vain for ${cause}`;
}
