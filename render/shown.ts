const shownLength = 60;

/** A value in a message: short, on one line, and nothing in it that a terminal acts on or that can't be seen. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  const short = text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
  return short.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (sign) => `\\u{${sign.codePointAt(0)?.toString(16)}}`);
}
