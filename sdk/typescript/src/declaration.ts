/** What a task declares about itself, and its JSON. */
import { createHash } from 'node:crypto';
import { type Duration, durationText } from './durations.ts';
import { DeclarationError } from './errors.ts';
import { isSchemaLike, jsonSchemaOf, type SchemaLike } from './schema/builder.ts';
import type { JsonSchema } from './schema/check.ts';
import { jsonOf, type ValueFlaw } from './schema/values.ts';
import { isObject, sizeOf } from './texts.ts';

export const ID = /^[a-z0-9][a-z0-9._-]{0,127}$/;
export const SERVER_ID = /^[A-Za-z0-9._-]{1,128}$/;
const NEEDS_MAX = 1000;
const TEXT_MAX = 16_384;

/** Who answers for a task. `contacts`: whom to ask, at least one. */
export interface Owner {
  team: string;
  contacts: readonly string[];
}

/** What has an id and an owner: a task that another one needs. */
export interface Named {
  readonly id: string;
  readonly owner: Owner | undefined;
}

/** A task that has to have completed before. */
export interface Need {
  /** "id", "team/id", or the task itself. */
  task: string | Named;
  /** How fresh, as "6h"; without it, it runs first, each time. */
  within?: Duration;
  /** Its failure is no reason to wait. */
  optional?: boolean;
}

export interface Retry {
  /** Counts the first. */
  attempts: number;
  delay?: Duration;
  backoff?: 'constant' | 'exponential' | 'random';
  maxDelay?: Duration;
  jitter?: boolean;
  /** Codes or kinds of errors; without it, whatever is retryable. */
  on?: readonly string[];
}

/** Until queued, from there until started, from there until its end; and how much more may be asked for in all. */
export interface Timeouts {
  acknowledge?: Duration;
  start?: Duration;
  complete?: Duration;
  maxExtend?: Duration;
}

/** What a task says of itself, beside its function. */
export interface TaskSettings {
  /** Its name within the team. */
  id: string;
  /** What it does, for whoever is told that it failed. */
  description: string;
  /** With its contacts, or the team alone; else the server's. */
  owner?: Owner | string;
  /** Whom to ask, at least one; else the owner's, else the server's. */
  contacts?: readonly string[];
  version?: string;
  needs?: readonly (string | Named | Need)[];
  /** How fresh, for those of `needs` that do not say it. */
  within?: Duration;
  /** When it runs by itself: five fields, or six with seconds. */
  cron?: string;
  timezone?: string;
  /** Which missed times are made up for. */
  catchUp?: 'all' | 'latest' | 'none';
  retry?: Retry;
  timeouts?: Timeouts;
  overlap?: 'forbid' | 'allow' | 'replace';
  /** False: a cancel is not passed on. */
  cancellable?: boolean;
  slotClass?: string;
  priority?: number;
  labels?: Readonly<Record<string, string>>;
  runbookUrl?: string;
}
const SETTINGS = new Set([
  'id', 'description', 'owner', 'contacts', 'version', 'needs', 'within', 'cron', 'timezone', 'catchUp', 'retry',
  'timeouts', 'overlap', 'cancellable', 'slotClass', 'priority', 'labels', 'runbookUrl', 'inputs', 'output',
]); // prettier-ignore

export type DeclarationJson = Record<string, unknown> & { id: string; owner: Owner };

/** Of a task without an owner: the server's. */
export function ownerOf(settings: TaskSettings, usual: Owner | undefined): Owner | undefined {
  const { owner, contacts } = settings;
  const team = typeof owner === 'string' ? owner : (owner?.team ?? usual?.team);
  if (team === undefined) return undefined;
  const own = typeof owner === 'object' ? owner.contacts : undefined;
  return { team, contacts: contacts ?? own ?? usual?.contacts ?? [] };
}

/** DeclarationError: all that is wrong, and what would be right. */
export function declarationOf(
  settings: TaskSettings,
  usual: Owner | undefined,
  schemas: { inputs: JsonSchema | undefined; output: JsonSchema | undefined },
): DeclarationJson {
  const owner = ownerOf(settings, usual);
  const flaws = [...flawsOf(settings, owner), ...flawsOfTimes(settings), ...flawsOfRetry(settings.retry)];
  const needs = needsOf(settings, owner, flaws);
  const duration = (where: string, value: Duration | undefined): string | undefined => {
    try {
      return value === undefined ? undefined : durationText(value);
    } catch (error) {
      flaws.push(`${where}: ${(error as Error).message}`);
      return undefined;
    }
  };
  const { retry, timeouts } = settings;
  const declared = {
    id: settings.id,
    version: settings.version,
    description: settings.description,
    owner: owner && { team: owner.team, contacts: [...owner.contacts] },
    needs: needs.map(({ within, ...rest }) => ({ ...rest, within: duration(`needs '${rest.task}': within`, within) })),
    cron: settings.cron,
    timezone: settings.timezone,
    catch_up: settings.catchUp,
    timeouts: timeouts && {
      acknowledge: duration('timeouts.acknowledge', timeouts.acknowledge),
      start: duration('timeouts.start', timeouts.start),
      complete: duration('timeouts.complete', timeouts.complete),
      max_extend: duration('timeouts.maxExtend', timeouts.maxExtend),
    },
    retry: retry && {
      attempts: retry.attempts,
      delay: duration('retry.delay', retry.delay),
      backoff: retry.backoff,
      max_delay: duration('retry.maxDelay', retry.maxDelay),
      jitter: retry.jitter,
      on: retry.on,
    },
    overlap: settings.overlap,
    cancellable: settings.cancellable === false ? false : undefined,
    slot_class: settings.slotClass,
    priority: settings.priority,
    input_schema: schemas.inputs,
    output_schema: schemas.output,
    labels: settings.labels,
    runbook_url: settings.runbookUrl,
  };
  if (flaws.length > 0) throw new DeclarationError(`task '${settings.id}': ${flaws.join('; ')}`);
  // What is undefined is not declared, and so is a list without anything.
  const { needs: kept, ...rest } = declared;
  const whole = { ...rest, ...(kept.length > 0 ? { needs: kept } : {}) };
  return JSON.parse(JSON.stringify(whole)) as DeclarationJson;
}

/** As JSON Schema. DeclarationError: it is none. */
export function schemaOf(
  task: string,
  name: 'inputs' | 'output',
  like: SchemaLike | undefined,
): JsonSchema | undefined {
  if (like === undefined) return undefined;
  const wrong = `task '${task}': ${name} must be a schema (s.object({…})), fields of an object, or a JSON Schema`;
  if (!isSchemaLike(like)) throw new DeclarationError(wrong);
  const schema = jsonSchemaOf(like);
  const flaws: ValueFlaw[] = [];
  jsonOf(schema, '#', flaws);
  if (flaws.length > 0) throw new DeclarationError(`${wrong}; ${flaws.map((one) => one.join(': ')).join('; ')}`);
  if (name === 'inputs' && 'type' in schema && schema['type'] !== 'object') {
    throw new DeclarationError(`task '${task}': inputs must be an object of fields: s.object({…})`);
  }
  return schema;
}

/** Of all tasks, in any order: the same where they are the same. */
export function hashOf(declarations: readonly object[]): string {
  const hash = createHash('sha256');
  for (const text of declarations.map((one) => JSON.stringify(sorted(one))).sort()) hash.update(`${text}\n`);
  return hash.digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, sorted(value[name])]),
  );
}

function flawsOf(settings: TaskSettings, owner: Owner | undefined): string[] {
  const flaws = [];
  if (typeof settings.id !== 'string' || !ID.test(settings.id)) {
    flaws.push("its id must be small letters, digits, '.', '_' and '-', at most 128, and begin with a letter or digit");
  }
  if (typeof settings.description !== 'string' || settings.description.trim() === '') {
    flaws.push('says nothing of what it does: give it a description');
  } else if (sizeOf(settings.description) > TEXT_MAX) {
    flaws.push(`its description has more than ${TEXT_MAX} bytes`);
  }
  if (owner === undefined) {
    flaws.push("has no owner: give owner: {team: 'sales', contacts: ['sales@example.com']}, to it or to the server");
  } else {
    if (!ID.test(owner.team)) flaws.push(`its owner's team '${owner.team}' is no id of a team`);
    const contacts: unknown = owner.contacts;
    const some = Array.isArray(contacts) && contacts.every((one) => typeof one === 'string');
    if (!some || !contacts.some((one: string) => one.trim() !== '')) {
      flaws.push("its owner has no contacts: a list of whom to ask, at least one, as contacts: ['sales@example.com']");
    }
  }
  const { priority, labels, overlap, catchUp } = settings;
  if (priority !== undefined && !(priority >= 0 && priority <= 1000 && Number.isInteger(priority))) {
    flaws.push('priority must be from 0 to 1000');
  }
  if (labels !== undefined && !Object.values(labels).every((one) => typeof one === 'string')) {
    flaws.push('labels must be texts by name');
  }
  if (overlap !== undefined && !['forbid', 'allow', 'replace'].includes(overlap)) {
    flaws.push('overlap must be one of forbid, allow, replace');
  }
  if (catchUp !== undefined && !['all', 'latest', 'none'].includes(catchUp)) {
    flaws.push('catchUp must be one of all, latest, none');
  }
  for (const name of Object.keys(settings)) {
    if (!SETTINGS.has(name)) flaws.push(`has no setting '${name}'; known: ${[...SETTINGS].join(', ')}`);
  }
  return flaws;
}

function flawsOfTimes({ cron, timezone, catchUp }: TaskSettings): string[] {
  if (cron === undefined) {
    const alone = { timezone, catchUp };
    return Object.entries(alone).flatMap(([name, value]) => (value ? [`${name} is of use with a cron alone`] : []));
  }
  const fields = cron.trim().split(/\s+/).length;
  if (cron.startsWith('@') || fields === 5 || fields === 6) return [];
  return ["cron must have five fields, or six with seconds, as '30 6 * * *'"];
}

function flawsOfRetry(retry: Retry | undefined): string[] {
  if (retry === undefined) return [];
  const { attempts, backoff } = retry;
  const flaws = [];
  if (!(Number.isInteger(attempts) && attempts >= 1 && attempts <= 1000)) {
    flaws.push('retry.attempts must be from 1 to 1000, the first one counted');
  }
  if (backoff !== undefined && !['constant', 'exponential', 'random'].includes(backoff)) {
    flaws.push('retry.backoff must be one of constant, exponential, random');
  }
  return flaws;
}

interface NeedJson {
  task: string;
  within: Duration | undefined;
  optional: true | undefined;
}

function needsOf(settings: TaskSettings, owner: Owner | undefined, flaws: string[]): NeedJson[] {
  const { needs = [], within } = settings;
  if (!Array.isArray(needs)) {
    flaws.push("needs must be a list, as needs: ['load']");
    return [];
  }
  if (needs.length > NEEDS_MAX) flaws.push(`needs more than ${NEEDS_MAX} tasks`);
  const seen = new Set([settings.id]);
  return needs.slice(0, NEEDS_MAX).map((one: string | Named | Need) => {
    const need: Need = typeof one === 'object' && 'task' in one ? one : { task: one };
    const name = nameOf(need.task, owner);
    const short = name.startsWith(`${owner?.team}/`) ? name.slice(name.indexOf('/') + 1) : name;
    const parts = name.split('/');
    if (parts.length > 2 || !parts.every((part) => ID.test(part))) {
      flaws.push(`needs '${name}', which is no id of a task, nor team/id`);
    } else if (seen.has(short)) {
      flaws.push(short === settings.id ? 'needs itself' : `needs '${name}' twice`);
    }
    seen.add(short);
    return { task: name, within: need.within ?? within, optional: need.optional ? true : undefined };
  });
}

/** Of a need: its text, or the name of a task, with its team where that is another. */
function nameOf(task: string | Named, owner: Owner | undefined): string {
  if (typeof task === 'string') return task;
  const team = task.owner?.team;
  return team !== undefined && owner !== undefined && team !== owner.team ? `${team}/${task.id}` : task.id;
}
