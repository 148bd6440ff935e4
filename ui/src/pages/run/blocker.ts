// What a reason of waiting names.

/** "task server 'team/id' is not ready": its team and id. */
export function serverIn(what: string): { team: string; server: string } | undefined {
  const named = /task server '([^']*)\/([^'/]+)'/.exec(what);
  return named ? { team: named[1] ?? '', server: named[2] ?? '' } : undefined;
}
