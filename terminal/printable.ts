/** What a node says, for this terminal. A node that somebody else has taken over must not write the operator's screen. */

/**
 * Without any character that a terminal obeys or hides: escape sequences (a clipboard is written by OSC 52), C1 codes,
 * marks of the direction of writing, separators of lines and paragraphs. Line feeds stay.
 */
export const printable = (text: string): string => text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "\uFFFD");

/** The same as one line: a cell of a table, a reason in a list. Blanks can't push a word to where a line begins. */
export const oneLine = (text: string): string => printable(text).replace(/\s+/gu, " ");

/** The same with the speaker's name before each line: none of them passes for this command's own. */
export const spoken = (speaker: string, text: string): string =>
  printable(text)
    .split("\n")
    .map((line) => `${speaker}: ${line}`)
    .join("\n");
