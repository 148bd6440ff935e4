// The state of a form for inputs: what stands in its fields, what is wrong with them, what is given.
import { asProblem, type ProblemError } from '../../api/problem';
import { commandText, contentOf, fieldFlaw, firstContent, isGiven, jsonOf, sameContent, type Content } from './field';
import { refusedInputs } from './refused';
import type { InputSpec, Json } from './spec';

export interface InputsOptions {
  /** Values that are there already, as of a run that is begun again. */
  values?: Record<string, Json>;
  /** Fields take templates over `run`, as of a backfill. */
  templates?: boolean;
}

export class InputsModel {
  readonly specs: InputSpec[];
  readonly templates: boolean;
  #contents = $state<Record<string, Content>>({});
  /** What the server said, until the field is changed. */
  #refused = $state<Record<string, string>>({});
  /** Flaws are shown of fields that were left, and of all once somebody has tried to send. */
  #left = $state<Record<string, boolean>>({});
  #tried = $state(false);
  readonly #start: Record<string, Content>;

  constructor(specs: InputSpec[], { values = {}, templates = false }: InputsOptions = {}) {
    this.specs = specs;
    this.templates = templates;
    this.#start = Object.fromEntries(
      specs.map((spec) => [spec.id, spec.id in values ? contentOf(spec, values[spec.id]) : firstContent(spec)]),
    );
    this.#contents = { ...this.#start };
  }

  content(spec: InputSpec): Content {
    return this.#contents[spec.id] ?? firstContent(spec);
  }

  /** The content of a field that is no list. */
  text(spec: InputSpec): string {
    const content = this.content(spec);
    return typeof content === 'string' ? content : content.join('\n');
  }

  items(spec: InputSpec): string[] {
    const content = this.content(spec);
    return typeof content === 'string' ? [] : content;
  }

  set(spec: InputSpec, content: Content): void {
    this.#contents[spec.id] = content;
    delete this.#refused[spec.id];
  }

  /** What somebody has changed in another form, where this one has a field like it. */
  takeOver(before: InputsModel): void {
    for (const spec of this.specs) {
      const like = before.specs.find(({ id, type }) => id === spec.id && type === spec.type);
      if (!like) continue;
      const content = before.content(like);
      if (!sameContent(content, before.#start[like.id] ?? '')) this.set(spec, content);
    }
  }

  leave(spec: InputSpec): void {
    this.#left[spec.id] = true;
  }

  isChanged(spec: InputSpec): boolean {
    return !sameContent(this.content(spec), firstContent(spec));
  }

  reset(spec: InputSpec): void {
    this.set(spec, firstContent(spec));
    this.#left[spec.id] = false;
  }

  /** Somebody has changed something. */
  get touched(): boolean {
    return this.specs.some((spec) => !sameContent(this.content(spec), this.#start[spec.id] ?? ''));
  }

  /** What is shown at the field. */
  flaw(spec: InputSpec): string | undefined {
    if (this.#refused[spec.id]) return this.#refused[spec.id];
    return this.#tried || this.#left[spec.id] ? this.#flawOf(spec) : undefined;
  }

  get fits(): boolean {
    return this.specs.every((spec) => this.#flawOf(spec) === undefined);
  }

  /** Shows what is wrong; whether all fits. */
  check(): boolean {
    this.#tried = true;
    this.#refused = {};
    return this.fits;
  }

  firstFlawed(): InputSpec | undefined {
    return this.specs.find((spec) => this.flaw(spec) !== undefined);
  }

  /** What the server said of a try; returns it where not all of it stands at the fields. */
  refuse(thrown: unknown): ProblemError | undefined {
    const problem = asProblem(thrown);
    const ids = this.specs.map((spec) => spec.id);
    const { fields, whole } =
      problem.status === 422 || problem.status === 400 ? refusedInputs(problem, ids) : { fields: {}, whole: false };
    this.#refused = fields;
    return whole ? undefined : problem;
  }

  /** For the API, by name. What is flawed is left out. */
  given(): Record<string, Json> {
    return Object.fromEntries(this.#sent().map((spec) => [spec.id, jsonOf(spec, this.content(spec))]));
  }

  /** What is other than at the start, also where that is the default: for a run that is begun again. */
  changes(): Record<string, Json> {
    const changed = this.specs.filter((spec) => {
      const content = this.content(spec);
      return (
        !sameContent(content, this.#start[spec.id] ?? '') && content.length > 0 && this.#flawOf(spec) === undefined
      );
    });
    return Object.fromEntries(changed.map((spec) => [spec.id, jsonOf(spec, this.content(spec))]));
  }

  /** As on a command line. */
  texts(): { name: string; value: string }[] {
    return this.#sent().map((spec) => ({ name: spec.id, value: commandText(this.content(spec)) }));
  }

  /** `-i name=value` for each. */
  words(): string[] {
    return this.texts().flatMap(({ name, value }) => ['-i', `${name}=${value}`]);
  }

  #sent(): InputSpec[] {
    return this.specs.filter((spec) => isGiven(spec, this.content(spec)) && this.#flawOf(spec) === undefined);
  }

  #flawOf(spec: InputSpec): string | undefined {
    return fieldFlaw(spec, this.content(spec), this.templates);
  }
}
