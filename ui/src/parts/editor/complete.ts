// Completion by the schema of flows, which is loaded when it is first wanted.
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { placeAt, type Place } from './place';
import { keysAt, taskIds, valuesAt, type Offer, type Schema } from './schema';

let schema: Promise<Schema> | undefined;

function loadSchema(): Promise<Schema> {
  schema ??= import('../../../../docs/reference/flow.schema.json').then(
    (loaded) => loaded.default as unknown as Schema,
  );
  return schema;
}

function asKey(offer: Offer): Completion {
  return {
    label: offer.label,
    type: 'property',
    info: offer.description,
    ...(offer.required ? { detail: 'required', boost: 10 } : {}),
    apply: offer.below ? `${offer.label}:` : `${offer.label}: `,
  };
}

function asValue(offer: Offer): Completion {
  return { label: offer.label, type: 'enum', info: offer.description };
}

function offers(schema: Schema, place: Place, text: string): Completion[] {
  const owner = place.path.at(-1)?.item ? place.path.at(-2)?.key : place.key;
  if (owner === 'needs') return taskIds(text).map((label) => ({ label, type: 'variable' }));
  return place.key === undefined ? keysAt(schema, place).map(asKey) : valuesAt(schema, place).map(asValue);
}

export async function completeFlow(context: CompletionContext): Promise<CompletionResult | null> {
  const text = context.state.doc.toString();
  const place = placeAt(text, context.pos);
  if (!place || (place.typed === '' && !context.explicit && place.key === undefined)) return null;
  const options = offers(await loadSchema(), place, text);
  return options.length === 0 ? null : { from: place.from, options, validFor: /^[\w./-]*$/ };
}
