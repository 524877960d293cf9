/** Lengths of time, as a reader wants them. */

/** Seconds as one number with the unit that fits: 90 s, 60 min, 30 h, 3 d. */
export function span(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
