/** What is said, in the colour of how bad it is. None where the output is no terminal, and none with NO_COLOR. */
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];
/** Node itself looks at the stream, and at NO_COLOR, FORCE_COLOR and TERM, each time. */
const styled =
  (style: Style) =>
  (text: string): string =>
    styleText(style, text, { stream: process.stdout });

export const good = styled("green");
export const worse = styled("yellow");
export const bad = styled("red");
export const faint = styled("dim");
