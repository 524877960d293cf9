/** Words that are alike, for messages that say what may have been meant. */

/** Number of single-letter edits from one word to the other. */
export function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const swap = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}

/** How many of a text's words are part of the other one, whatever their case. */
const shared = (text: string, other: string): number =>
  text.split(/\s+/).filter((word) => word !== "" && other.includes(word)).length;

/** The few known names that are most like a text: those with most of its words, and of these the ones with the fewest edits. */
export function closest(text: string, known: string[], count: number): string[] {
  const lower = text.toLowerCase();
  const ranked = [...new Set(known)].map((name) => {
    const other = name.toLowerCase();
    return { name, words: shared(lower, other), edits: distance(lower, other) };
  });
  ranked.sort((one, other) => other.words - one.words || one.edits - other.edits);
  return ranked.slice(0, count).map(({ name }) => name);
}
