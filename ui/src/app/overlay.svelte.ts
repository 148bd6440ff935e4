// What lies over the page: one at a time.
export type Shown = 'palette' | 'help' | 'menu' | undefined;

class Overlay {
  shown = $state<Shown>();

  close = (): void => {
    this.shown = undefined;
  };
}

export const overlay = new Overlay();
