// Times of the field for a date and a time, which knows no zone: the viewer's is meant.
import { isoLocal } from '../../text/times';

/** "2026-11-21T10:30:00Z" as the field shows it; '' of what is no time. */
export function toLocalField(text: string): string {
  const iso = isoLocal(text);
  return iso === '' ? '' : iso.slice(0, 19);
}

/** What stands in the field, with the offset that the viewer's zone has then. */
export function fromLocalField(value: string): string {
  return value === '' ? '' : isoLocal(new Date(value));
}
