// The flow of the page: its row, and its canonical form, which stays the same object until its content changes.
import { api, reloadOn, resource, take, type Flow, type Resource } from '../../api';
import { fullName, inPath } from '../../text';
import type { FlowForm } from './form';

export class FlowPage {
  readonly loaded: Resource<Flow>;
  #kept: { hash: string; form: FlowForm } | undefined;
  readonly form = $derived.by(() => this.#formOf(this.loaded.data));

  constructor(
    readonly namespace: string,
    readonly id: string,
  ) {
    const path = this.path;
    this.loaded = resource((signal) => take(api.GET('/api/v1/flows/{namespace}/{flow}', { params: { path }, signal })));
    reloadOn('flows', this.loaded);
  }

  get flow(): Flow | undefined {
    return this.loaded.data;
  }

  get name(): string {
    return fullName(this.namespace, this.id);
  }

  get path(): { namespace: string; flow: string } {
    return { namespace: inPath(this.namespace), flow: this.id };
  }

  /** The name of its file, or one that fits. */
  get fileName(): string {
    const last = this.flow?.file?.split('/').at(-1) ?? '';
    return /\.ya?ml$/.test(last) ? last : `${this.id}.yaml`;
  }

  /** The task server that declares it, `team/server`. */
  get server(): string | undefined {
    return /^task server (\S+)$/.exec(this.flow?.file ?? '')?.[1];
  }

  #formOf(flow: Flow | undefined): FlowForm | undefined {
    if (!flow) return undefined;
    if (this.#kept?.hash !== flow.hash) this.#kept = { hash: flow.hash, form: flow.canonical as unknown as FlowForm };
    return this.#kept.form;
  }
}
