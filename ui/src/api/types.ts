// The API's objects by their names.
import type { components } from './schema';

type Schemas = components['schemas'];

export type Problem = Schemas['Problem'];
export type Flaw = Schemas['Flaw'];
export type TaskError = Schemas['TaskError'];
export type Run = Schemas['Run'];
export type RunState = Run['state'];
export type Task = Schemas['Task'];
export type Tasks = Schemas['Tasks'];
export type Hold = Schemas['Hold'];
export type Attempt = Schemas['Attempt'];
export type Update = Schemas['Update'];
export type Blocker = Schemas['Blocker'];
export type LogLine = Schemas['LogLine'];
export type Log = Schemas['Log'];
export type FlowRow = Schemas['FlowRow'];
export type Flow = Schemas['Flow'];
export type Version = Schemas['Version'];
export type Diagnostic = Schemas['Diagnostic'];
export type NextTime = Schemas['NextTime'];
export type Tick = Schemas['Tick'];
export type Backfill = Schemas['Backfill'];
export type Pool = Schemas['Pool'];
export type Secret = Schemas['Secret'];
export type Grant = Schemas['Grant'];
export type Role = Grant['role'];
export type User = Schemas['User'];
export type Token = Schemas['Token'];
export type AuditCheck = Schemas['AuditCheck'];
export type AuditEntry = Schemas['AuditEntry'];
export type Trigger = Schemas['Trigger'];
export type Input = Schemas['Input'];
export type Event = Schemas['Event'];
export type FlowDiff = Schemas['FlowDiff'];
export type Namespace = Schemas['Namespace'];
export type Artifact = Schemas['Artifact'];
export type Report = Schemas['Report'];
export type RunFlow = Schemas['RunFlow'];
export type TaskServer = Schemas['TaskServer'];
export type Message = Schemas['Message'];
export type PlannedRun = Schemas['PlannedRun'];
export type Notice = Schemas['Notice'];
/** `csrf_token`: for the writes of a session; older servers do not tell it again. */
export type Me = Schemas['Me'] & { csrf_token?: string };
export type { components, paths } from './schema';
