/** What a session wants done by those around it. */
import type { Invoke } from '../received.ts';

/** What a session has to know of a task. `bind` throws BadInput. */
export interface Entry {
  readonly slotClass: string;
  readonly cancellable: boolean;
  bind(inputs: Record<string, unknown>): unknown;
}

export type ExitCode = 0 | 1 | 3 | 4;
/** Of the process that serves. */
export const ExitCodes = {
  /** It was drained. */
  done: 0,
  /** The tasks or the settings are wrong. */
  failed: 1,
  /** The same server id has connected elsewhere. */
  superseded: 3,
  /** Cerebro takes neither the credential nor the protocol. */
  refused: 4,
} as const;

/** Runs an attempt: its acceptance is on the disk. `inputs`: as the task takes them. */
export interface Start {
  readonly kind: 'start';
  readonly invoke: Invoke;
  readonly entry: Entry;
  readonly inputs: unknown;
}

/** The server has nothing to do any more. */
export interface Exit {
  readonly kind: 'exit';
  readonly code: ExitCode;
  readonly reason: string;
}

export type Level = 'debug' | 'info' | 'warning' | 'error';

export type Action =
  /** Opens a socket. */
  | { readonly kind: 'connect' }
  /** Closes it at once. The session takes it for closed already. */
  | { readonly kind: 'disconnect'; readonly reason: string }
  /** Ends an attempt kindly. */
  | { readonly kind: 'stop'; readonly attempt: string; readonly reason: string }
  /** Its grace is over. */
  | { readonly kind: 'overdue'; readonly attempt: string }
  /** For people. */
  | { readonly kind: 'tell'; readonly level: Level; readonly text: string }
  | Exit;
