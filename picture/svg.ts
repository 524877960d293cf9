/** What every picture here is made of: SVG as text, the same each time, to be read on a light and on a dark page. Pure. */

type Attributes = Record<string, string | number>;

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
const shown = (value: string | number) =>
  typeof value === "number" ? String(Math.round(value * 10) / 10) : escaped(value);

const element = (name: string, attributes: Attributes, content = "") => {
  const all = Object.entries(attributes).map(([key, value]) => ` ${key}="${shown(value)}"`);
  return `<${name}${all.join("")}${content === "" ? "/>" : `>${content}</${name}>`}`;
};

/** @param y of the line that the letters stand on */
export const text = (x: number, y: number, content: string, attributes: Attributes = {}): string =>
  element("text", { x, y, ...attributes }, escaped(content));

/** @param title what a browser tells of it under the pointer */
export const rect = (
  x: number,
  y: number,
  width: number,
  height: number,
  attributes: Attributes = {},
  title = "",
): string =>
  element("rect", { x, y, width, height, ...attributes }, title === "" ? "" : `<title>${escaped(title)}</title>`);

export const line = (x1: number, y1: number, x2: number, y2: number, attributes: Attributes = {}): string =>
  element("line", { x1, y1, x2, y2, ...attributes });

/** @param d as SVG's path has it */
export const path = (d: string, attributes: Attributes = {}, title = ""): string =>
  element("path", { d, ...attributes }, title === "" ? "" : `<title>${escaped(title)}</title>`);

/** Pixels that a text of the ordinary size takes at most, for what stands beside it. */
export const widthOf = (content: string): number => content.length * 6.8;

/** Text and paper by the reader's colour scheme; the names are classes. */
const light = { text: "#1f2328", paper: "#ffffff", faint: "#59636e", grid: "#d1d9e0", box: "#f6f8fa" };
const dark: typeof light = { text: "#e6edf3", paper: "#0d1117", faint: "#9198a1", grid: "#3d444d", box: "#151b23" };
const scheme = ({ text: ink, paper, faint, grid, box }: typeof light) =>
  `text{fill:${ink}}.paper{fill:${paper}}.faint{fill:${faint}}.halo{paint-order:stroke;stroke:${paper};stroke-width:4px}` +
  `.grid{stroke:${grid}}.box{fill:${box};stroke:${faint}}.ink{stroke:${ink};fill:none}.tip{fill:${ink}}.on{fill:#fff}`;

/** The whole file. @param more rules of style, for what only this picture has */
export function page(width: number, height: number, title: string, body: string[], more = ""): string {
  const style = `text{font:13px sans-serif}.title{font-size:16px;font-weight:bold}.strong{font-weight:bold}${scheme(light)}@media (prefers-color-scheme:dark){${scheme(dark)}}${more}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escaped(title)}</title>
<style>${style}</style>
${rect(0, 0, width, height, { class: "paper" })}
${body.join("\n")}
</svg>
`;
}
