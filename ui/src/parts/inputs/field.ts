// What stands in a field of the form, and what is sent of it.
import { listFlaw, textFlaw } from './check';
import { isList, isRequired, plainDefault, typeOf, type InputSpec, type Json } from './spec';

/** One text, or, of a list, its items. */
export type Content = string | string[];

/** As on a command line. */
export function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A value as the field shows it. */
export function contentOf(spec: InputSpec, value: Json | undefined): Content {
  if (isList(spec)) return listContent(value);
  if (value === undefined || value === null) return '';
  if (typeOf(spec) === 'json') return JSON.stringify(value, null, 2);
  return textOf(value);
}

function listContent(value: Json | undefined): string[] {
  if (Array.isArray(value)) return value.map(textOf);
  // A default may be one text: a,b,c.
  if (typeof value === 'string' && value !== '') return value.split(',').map((item) => item.trim());
  return [];
}

/** What a field shows before anybody has touched it. */
export function firstContent(spec: InputSpec): Content {
  return contentOf(spec, plainDefault(spec));
}

export function sameContent(one: Content, other: Content): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other;
  return one.length === other.length && one.every((item, place) => item === other[place]);
}

function isEmpty(content: Content): boolean {
  return content.length === 0;
}

/**
 * Whether it is sent: not what is as its default, nor what is empty, but for a text or a list whose default is
 * something else.
 */
export function isGiven(spec: InputSpec, content: Content): boolean {
  if (!isEmpty(content)) return !hasDefault(spec) || !sameContent(content, firstContent(spec));
  const canBeEmpty = typeOf(spec) === 'string' || isList(spec);
  return canBeEmpty && hasDefault(spec) && !isEmpty(firstContent(spec));
}

function hasDefault(spec: InputSpec): boolean {
  return plainDefault(spec) !== undefined;
}

function scalarJson(type: string | undefined, text: string): Json {
  if (type === 'int' && Number.isSafeInteger(Number(text))) return Number(text);
  if (type === 'float' && Number.isFinite(Number(text))) return Number(text);
  if (type === 'bool') return text === 'true';
  if (type === 'json') return JSON.parse(text) as Json;
  return text;
}

/** Items that can be told apart by commas. */
function isPlain(items: string[]): boolean {
  const plain = items.every((item) => item !== '' && item === item.trim() && !item.includes(','));
  return plain && !items[0]?.startsWith('[');
}

/** The same as one text for a command line. */
export function commandText(content: Content): string {
  if (typeof content === 'string') return content;
  return isPlain(content) ? content.join(',') : JSON.stringify(content);
}

/** The value for the API; the content has no flaw. */
export function jsonOf(spec: InputSpec, content: Content): Json {
  if (typeof content === 'string') return scalarJson(spec.type, content);
  // The server takes each item of a list apart at its commas, but not a list in one text.
  if (content.length > 0 && !isPlain(content)) return commandText(content);
  const type = spec.type === 'array' ? spec.items : undefined;
  return content.map((item) => scalarJson(type, item));
}

/** What is wrong with what stands in the field. */
export function fieldFlaw(spec: InputSpec, content: Content, templates = false): string | undefined {
  if (isEmpty(content) && !isGiven(spec, content)) {
    return isRequired(spec) ? 'This is wanted: it has no default.' : undefined;
  }
  return typeof content === 'string' ? textFlaw(spec, content, templates) : listFlaw(spec, content, templates);
}
