/** Task servers for Cordyna: TypeScript functions as tasks of a network of data pipelines. */
export { Context, type ProgressDetails, type Trigger, type Upstream } from './context.ts';
export type { DeclarationJson, Need, Owner, Retry, TaskSettings, Timeouts } from './declaration.ts';
export type { Duration } from './durations.ts';
export {
  BadInput,
  BadOutput,
  Cancelled,
  CordynaError,
  DeclarationError,
  type ErrorData,
  type ErrorKind,
  TaskError,
  type TaskErrorOptions,
} from './errors.ts';
export { type Exit, type ExitCode, ExitCodes, type Level } from './protocol/actions.ts';
export { type Fields, type Infer, s, Schema, type SchemaLike } from './schema/builder.ts';
export type { JsonSchema } from './schema/check.ts';
export { MEMORY, type ServerOptions, TaskServer } from './server.ts';
export type { InputsOf, Task, TaskFunction, TaskOptions } from './task.ts';
export { VERSION } from './version.ts';
