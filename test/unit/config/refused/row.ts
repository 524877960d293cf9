/** Keys that differ from the least configuration, as Pulumi keeps them, and what is said of each problem in turn. */
export type Row = [what: string, changes: Record<string, string>, ...messages: string[]];
