/** Whether every word of the query stands in the text, in any order; an empty query fits all. */
export function fits(query: string, text: string): boolean {
  const inText = text.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => inText.includes(word));
}
