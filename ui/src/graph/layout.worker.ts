import { layout, type LayoutInput } from './layout';

self.onmessage = (event: MessageEvent<{ ticket: number; input: LayoutInput }>) => {
  const { ticket, input } = event.data;
  try {
    self.postMessage({ ticket, layout: layout(input) });
  } catch (error) {
    self.postMessage({ ticket, problem: error instanceof Error ? error.message : String(error) });
  }
};
