/** What a node says, for this terminal. A node that somebody else has taken over must not write the operator's screen. */

/**
 * Without any character that a terminal obeys or hides: escape sequences (a clipboard is written by OSC 52), C1 codes,
 * marks of the direction of writing. Line feeds stay.
 */
export const printable = (text: string): string => text.replace(/(?!\n)[\p{Cc}\p{Cf}]/gu, "\uFFFD");

/** The same as one line: a cell of a table, a reason in a list. */
export const oneLine = (text: string): string => printable(text).replaceAll("\n", " ");
