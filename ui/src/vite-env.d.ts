/// <reference types="vite/client" />
/// <reference types="svelte" />

/** Made by tools/licences.js. */
declare module 'virtual:licences' {
  export const packages: { name: string; version: string; license: string; text: number }[];
  /** Each text once: `text` of a package is its place here. */
  export const texts: string[];
}
