import type { Artifact } from '../../../api';
import { withQuery } from '../../../parts/address';

/** As it stands in the address of the page. */
export function fileKey(one: Artifact): string {
  return `${one.attempt} ${one.task} ${one.name}`;
}

export function artifactAddress(run: string, one: Artifact): string {
  return withQuery(`/api/v1/runs/${run}/artifact`, { task: one.task, name: one.name, attempt: one.attempt });
}
