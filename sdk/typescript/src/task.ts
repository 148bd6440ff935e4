/** Tasks: functions with a declaration. */
import type { Context, OutputOf } from './context.ts';
import {
  type DeclarationJson,
  declarationOf,
  type Named,
  type Owner,
  ownerOf,
  schemaOf,
  type TaskSettings,
} from './declaration.ts';
import { BadInput, BadOutput, DeclarationError } from './errors.ts';
import type { Entry } from './protocol/actions.ts';
import type { SchemaLike, ValueOf } from './schema/builder.ts';
import { Checker, type JsonSchema } from './schema/check.ts';
import { flawsText, jsonOf, type ValueFlaw } from './schema/values.ts';

/** Of JSON Schema nothing is known but that inputs are an object. */
export type InputsOf<I> = unknown extends ValueOf<I> ? Record<string, unknown> : ValueOf<I>;

export interface TaskOptions<I extends SchemaLike = SchemaLike> extends TaskSettings {
  /** Its inputs: fields (`{shop: s.string()}`), a schema of an object, or JSON Schema. */
  inputs?: I;
  /** What it gives; without it, the type of its result is that of its function. */
  output?: SchemaLike;
}

export type TaskFunction<I, R> = (context: Context, inputs: I) => R | Promise<R>;

export class Task<I = unknown, R = unknown> implements Entry, Named, OutputOf<R> {
  readonly settings: TaskSettings;
  /** As it was given. */
  readonly function: TaskFunction<I, R>;
  declare readonly _output: R;
  readonly #usual: () => Owner | undefined;
  readonly #schemas: { inputs: JsonSchema | undefined; output: JsonSchema | undefined };
  readonly #inputs: Checker | undefined;
  readonly #output: Checker | undefined;

  /** `usual`: the owner of tasks that name none. */
  constructor(options: TaskOptions, run: TaskFunction<I, R>, usual: () => Owner | undefined) {
    if (typeof run !== 'function') {
      throw new DeclarationError(`task '${options.id}' has no function: server.task({…}, async (ctx, inputs) => …)`);
    }
    const { inputs, output, ...settings } = options;
    this.settings = settings;
    this.function = run;
    this.#usual = usual;
    this.#schemas = { inputs: schemaOf(options.id, 'inputs', inputs), output: schemaOf(options.id, 'output', output) };
    this.#inputs = this.#schemas.inputs && new Checker(this.#schemas.inputs);
    this.#output = this.#schemas.output && new Checker(this.#schemas.output);
  }

  get id(): string {
    return this.settings.id;
  }

  get owner(): Owner | undefined {
    return ownerOf(this.settings, this.#usual());
  }

  get slotClass(): string {
    return this.settings.slotClass ?? 'default';
  }

  get cancellable(): boolean {
    return this.settings.cancellable ?? true;
  }

  /** As its function takes them, with defaults. BadInput: they are not what it takes. */
  bind(inputs: Record<string, unknown>): I {
    const flaws: ValueFlaw[] = [];
    const bound = this.#inputs === undefined ? inputs : this.#inputs.check(inputs, '#/inputs', flaws);
    if (flaws.length > 0) throw new BadInput(flawsText(flaws));
    return bound as I;
  }

  /** As JSON; undefined: there is none. BadOutput: it is not what the task says that it gives, or is no JSON. */
  outputText(result: unknown): string | undefined {
    const flaws: ValueFlaw[] = [];
    const text = result === undefined ? undefined : jsonOf(result, '#/output', flaws);
    if (flaws.length === 0 && this.#output !== undefined) {
      // Looked at as those after the task get it: dates are texts by then.
      this.#output.check(JSON.parse(text ?? 'null'), '#/output', flaws);
    }
    if (flaws.length > 0) throw new BadOutput(flawsText(flaws));
    return text;
  }

  /** DeclarationError: what is wrong with it. */
  declaration(): DeclarationJson {
    return declarationOf(this.settings, this.#usual(), this.#schemas);
  }
}

export type AnyTask = Task<never, unknown>;

/** A registry of tasks by id. */
export class Tasks {
  readonly #owner: () => Owner | undefined;
  readonly #tasks = new Map<string, AnyTask>();

  constructor(owner: () => Owner | undefined = () => undefined) {
    this.#owner = owner;
  }

  /** Makes a task of a function. DeclarationError: there is one of that id. */
  add(options: TaskOptions, run: TaskFunction<never, unknown>): AnyTask {
    if (this.#tasks.has(options.id)) {
      throw new DeclarationError(`task '${options.id}' is declared twice: give one of them another id`);
    }
    const made: AnyTask = new Task(options, run, this.#owner);
    this.#tasks.set(made.id, made);
    return made;
  }

  get all(): readonly AnyTask[] {
    return [...this.#tasks.values()];
  }

  /** Of all tasks. DeclarationError: one is wrong, or is not of `team`. */
  declarations(team: string): DeclarationJson[] {
    return this.all.map((task) => {
      const one = task.declaration();
      if (team === '' || one.owner.team === team) return one;
      throw new DeclarationError(
        `task '${task.id}' is owned by team '${one.owner.team}'; a server of team '${team}' has tasks of its own team alone`,
      );
    });
  }
}
