// The module virtual:licences: the libraries that the UI is made with, and the texts of their licences.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const NAME = 'virtual:licences';
const root = resolve(import.meta.dirname, '..');

/** @param {string} folder */
function textOf(folder) {
  if (!existsSync(folder)) return '';
  const file = readdirSync(folder).find((one) => /^(licen[cs]e|copying)(\.\w+)?$/i.test(one));
  return file ? readFileSync(resolve(folder, file), 'utf8').trim() : '';
}

/** Not all packages tell it to the lock file. @param {string} path */
function licenceOf(path) {
  return JSON.parse(readFileSync(resolve(root, path, 'package.json'), 'utf8')).license ?? 'as its text says';
}

function collect() {
  const lock = JSON.parse(readFileSync(resolve(root, 'package-lock.json'), 'utf8'));
  /** @type {string[]} */
  const texts = [];
  /** @type {{ name: string, version: string, license: string, text: number }[]} */
  const packages = [];
  for (const [path, { dev, version, license }] of Object.entries(lock.packages)) {
    const name = path.split('node_modules/').at(-1);
    if (!name || dev || packages.some((one) => one.name === name && one.version === version)) continue;
    const text = textOf(resolve(root, path));
    if (!texts.includes(text)) texts.push(text);
    packages.push({ name, version, license: license ?? licenceOf(path), text: texts.indexOf(text) });
  }
  packages.sort((a, b) => (a.name < b.name ? -1 : 1));
  return `export const packages = ${JSON.stringify(packages)};\nexport const texts = ${JSON.stringify(texts)};\n`;
}

/** @type {import('vite').Plugin} */
export const licences = {
  name: 'licences',
  resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
  load: (id) => (id === `\0${NAME}` ? collect() : undefined),
};
