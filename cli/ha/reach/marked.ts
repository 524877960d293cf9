/**
 * Which part of a session's output is the command's. A login shell's own files may print too (an `echo` in .bashrc, a
 * forced command's notice), before the command and without an end of line.
 */

/** The command, between two lines that nobody else can print. Its exit code stays. */
export const marked = (command: string, mark: string): string =>
  `printf '\\n%s\\n' ${mark}; printf '\\n%s\\n' ${mark} >&2; ( ${command} ); code=$?; printf '\\n%s\\n' ${mark}; exit $code`;

/** What came after the first mark, up to the second or the end; null when the command was never reached. */
export const between = (text: string, mark: string): string | null => text.split(`\n${mark}\n`)[1] ?? null;

/** Takes the session's lines one by one, and passes on those of the command. Empty ones are none: a mark brings some. */
export function linesBetween(mark: string, onLine: (line: string) => void): (line: string) => void {
  let marks = 0;
  return (line) => {
    if (line === mark) marks += 1;
    else if (marks === 1 && line !== "") onLine(line);
  };
}
