/** The parts of a failover, in the colours and words that all pictures share. */

export const phases = {
  detection: { colour: "#d1495b", meaning: "detection: fault to MASTER" },
  decision: { colour: "#edae49", meaning: "decision: MASTER to the request" },
  api: { colour: "#6c8ebf", meaning: "the cloud's move" },
  network: { colour: "#2a9d8f", meaning: "its first answer" },
} as const;

export type Phase = keyof typeof phases;
export const phaseNames = Object.keys(phases) as Phase[];

/** Rules of style: a class for each. */
export const phaseStyle = phaseNames.map((name) => `.${name}{fill:${phases[name].colour}}`).join("");
