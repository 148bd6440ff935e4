// A namespace that follows a branch, in words.
import type { GitFollow } from '../../api';

/** As people know a commit: its first digits. */
export function shortCommit(id: string | undefined): string {
  return id === undefined ? '' : id.slice(0, 10);
}

/** "main", or "main, folder flows". */
export function branchOf(follow: Pick<GitFollow, 'branch' | 'folder'>): string {
  return follow.folder ? `${follow.branch}, folder ${follow.folder}` : follow.branch;
}

export type Standing = 'well' | 'waiting' | 'wrong';

/** How it goes: `waiting` before anything was applied, and while there is a newer commit. */
export function standingOf(follow: GitFollow): Standing {
  if (follow.problem) return 'wrong';
  return follow.applied && follow.applied.commit === follow.seen?.commit ? 'well' : 'waiting';
}

/** A page of a commit, for hosts whose addresses are known: GitHub, GitLab and what has their form. */
export function commitPage(url: string, commit: string): string | undefined {
  const web = /^https:\/\/([\w.-]+(?::\d+)?)\/(.+?)(?:\.git)?\/?$/.exec(url);
  const shell = /^(?:ssh:\/\/)?git@([\w.-]+)[:/](.+?)(?:\.git)?\/?$/.exec(url);
  const [, host, path] = web ?? shell ?? [];
  if (host === undefined || path === undefined || !/^[0-9a-f]{40}$/.test(commit)) return undefined;
  if (!/(^|\.)(github|gitlab|codeberg)\./.test(host)) return undefined;
  const between = /(^|\.)gitlab\./.test(host) ? '/-/commit/' : '/commit/';
  return `https://${host}/${path.split('/').map(encodeURIComponent).join('/')}${between}${commit}`;
}

/** Where something is wrong: "flows/a.yaml:3:5", or nothing for the commit as a whole. */
export function placeOf(flaw: { file?: string; line?: number; column?: number }): string {
  if (flaw.file === undefined) return '';
  return flaw.line === undefined ? flaw.file : `${flaw.file}:${flaw.line}:${flaw.column ?? 1}`;
}
