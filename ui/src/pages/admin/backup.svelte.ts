// The download of a backup: the server makes it, then it comes as a stream.
import { api, isAbort, ProblemError, take } from '../../api';

interface Sink {
  write(part: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

type SavePicker = (options: { suggestedName: string }) => Promise<{
  createWritable(): Promise<{
    write(part: BufferSource): Promise<void>;
    close(): Promise<void>;
    abort(): Promise<void>;
  }>;
}>;

function nameNow(): string {
  return `cordyna-${new Date().toISOString().slice(0, 16).replace(/[-:]/g, '').replace('T', '-')}.backup`;
}

/** A file that is chosen, written as it comes; where a browser has none of that, it is kept until it is whole. */
async function sinkFor(name: string): Promise<Sink> {
  const picker = (window as { showSaveFilePicker?: SavePicker }).showSaveFilePicker;
  if (picker) return (await picker.call(window, { suggestedName: name })).createWritable();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  return {
    write: async (part) => void parts.push(part),
    close: async () => save(new Blob(parts, { type: 'application/vnd.sqlite3' }), name),
    abort: async () => void (parts.length = 0),
  };
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export class BackupDownload {
  running = $state(false);
  done = $state(false);
  received = $state(0);
  /** 0: not known. */
  total = $state(0);
  name = $state('');
  problem = $state<unknown>();
  #stop: AbortController | undefined;

  async start(): Promise<void> {
    this.name = nameNow();
    this.problem = undefined;
    this.done = false;
    this.received = 0;
    this.total = 0;
    let sink: Sink | undefined;
    try {
      // Asked for first: a browser lets a file be chosen only right after a click.
      sink = await sinkFor(this.name);
      this.running = true;
      this.#stop = new AbortController();
      await this.#copy(sink, this.#stop.signal);
      await sink.close();
      this.done = true;
    } catch (error) {
      await sink?.abort().catch(() => {});
      if (!isAbort(error)) this.problem = error;
    } finally {
      this.running = false;
    }
  }

  stop(): void {
    this.#stop?.abort();
  }

  async #copy(sink: Sink, signal: AbortSignal): Promise<void> {
    const call = api.POST('/api/v1/backup', { parseAs: 'stream', signal });
    const body = (await take(call)) as unknown as ReadableStream<Uint8Array<ArrayBuffer>> | null;
    const { response } = await call;
    this.total = Number(response.headers.get('Content-Length') ?? 0);
    const reader = body?.getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      await sink.write(part.value);
      this.received += part.value.length;
    }
    if (this.received === 0 || (this.total > 0 && this.received !== this.total)) {
      throw new ProblemError({ status: 0, title: 'The backup came short', detail: 'the connection ended too early' });
    }
  }
}
