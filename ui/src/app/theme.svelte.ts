// Light, dark, or as the system has it. Set before anything is drawn, and remembered.
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'cordyna.theme';
const THEMES: Theme[] = ['system', 'light', 'dark'];

function remembered(): Theme {
  try {
    const found = localStorage.getItem(KEY) as Theme;
    return THEMES.includes(found) ? found : 'system';
  } catch {
    return 'system';
  }
}

class ThemeChoice {
  #choice = $state<Theme>(remembered());

  constructor() {
    this.#show();
  }

  get choice(): Theme {
    return this.#choice;
  }

  set choice(choice: Theme) {
    this.#choice = choice;
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // Where nothing may be remembered, it holds until the page is closed.
    }
    this.#show();
  }

  #show(): void {
    if (this.#choice === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.#choice;
  }
}

export const theme = new ThemeChoice();
