/** Pairs as Prometheus sees them, over 45 minutes, for promtool: each has something for a while, all else is well. */

/** Seconds between two scrapes, as between two evaluations of the rules. */
export const stepS = 15;
const samples = (45 * 60) / stepS;

/** The value of a series `second` seconds after the beginning; null: it is not there. */
type Value = number | null | ((second: number) => number | null);

/** Of one node, or of what is asked through the VIP: values by series, without the labels of the target. */
export type Series = Record<string, Value>;

export interface Pair {
  a: Series;
  b?: Series;
  /** Asked through the VIP. */
  vip?: Series;
}

const clock: Value = (second) => second;
const role = (current: string): Series =>
  Object.fromEntries(
    ["master", "backup", "fault", "stop", "unknown"].map((name) => [
      `keepalived_vip_role{role="${name}"}`,
      Number(name === current),
    ]),
  );

/** What no rule can do without, of a node that is well. */
const least = (current: string): Series => ({
  up: 1,
  ...role(current),
  keepalived_vip_up: 1,
  keepalived_vip_keepalived_up: 1,
  keepalived_vip_mismatch: 0,
  keepalived_vip_last_update_timestamp_seconds: clock,
});

/** All that the rules read, of a node that is well. */
const whole = (current: string): Series => ({
  ...least(current),
  node_time_seconds: clock,
  'keepalived_vip_drained{reason="health"}': 0,
  'keepalived_vip_drained{reason="maintenance"}': 0,
  ...Object.fromEntries(
    ["cloud", "credentials", "eip", "nic"].map((what) => [`keepalived_vip_trouble{what="${what}"}`, 0]),
  ),
  'keepalived_vip_moves_total{trigger="keepalived"}': 2,
  keepalived_vip_last_move_timestamp_seconds: current === "master" ? 7 : 5,
  'keepalived_vip_last_move_phase_seconds{phase="decision"}': 0,
  'keepalived_vip_last_move_phase_seconds{phase="request"}': 0.25,
  'keepalived_vip_last_move_phase_seconds{phase="cloud"}': current === "master" ? 2.5 : 9,
  keepalived_vip_last_success_timestamp_seconds: current === "master" ? clock : 5,
  keepalived_vip_maintenance_end_timestamp_seconds: 0,
  keepalived_vip_credentials_end_timestamp_seconds: 100_000,
});

const answersAs = (node: string): Series => ({ up: 1, [`keepalived_vip_build_info{node="${node}"}`]: 1 });

/** a is MASTER, b BACKUP, and a is who answers. @param all with every series that the rules read */
const well = (all = false): Required<Pair> => {
  const node = all ? whole : least;
  return { a: node("master"), b: node("backup"), vip: answersAs("a") };
};

/** Another pair from minute `from` until `to`: of each series the value of that, which may be a series that well has not. */
export function meanwhile(from: number, to: number, change: Partial<Pair>, before: Pair = well()): Pair {
  const merge = (name: keyof Pair): Series | undefined => {
    const [usual, other] = [before[name] ?? {}, change[name] ?? {}];
    const names = [...new Set([...Object.keys(usual), ...Object.keys(other)])];
    return Object.fromEntries(
      names.map((series): [string, Value] => [
        series,
        (second) =>
          at(second >= from * 60 && second < to * 60 && series in other ? other[series] : usual[series], second),
      ]),
    );
  };
  return { a: merge("a") ?? {}, b: merge("b"), vip: merge("vip") };
}

const at = (value: Value | undefined, second: number): number | null =>
  (typeof value === "function" ? value(second) : value) ?? null;

const all = (series: Series, value: Value): Series =>
  Object.fromEntries(Object.keys(series).map((name) => [name, value]));

/** Parts of which the stories are made. */
export const part = {
  well,
  clock,
  role,
  answersAs,
  /** Not scraped: the node, its node_exporter or the way to it is gone. */
  gone: { ...all(whole("backup"), null), up: 0 } satisfies Series,
  /** Scraped, without our file. */
  fileless: { ...all(least("backup"), null), up: 1 } satisfies Series,
  /** Neither in the configuration of Prometheus nor found by it. */
  unknown: all(whole("backup"), null),
};

/** promtool's notation: runs of values that go up evenly, `stale` where a series ends as a scrape ends it. */
export function notation(value: Value): string {
  const values = Array.from({ length: samples + 1 }, (_, index) => at(value, index * stepS));
  const words: string[] = [];
  for (let first = 0; first < values.length; ) {
    const start = values[first] ?? null;
    let last = first;
    if (start === null) {
      while (last + 1 < values.length && values[last + 1] === null) last += 1;
      const silent = last - first + (words.length === 0 ? 1 : 0);
      if (words.length > 0) words.push("stale");
      if (silent > 0) words.push(`_x${silent}`);
    } else {
      const step = (values[first + 1] ?? start) - start;
      while (last + 1 < values.length && values[last + 1] === start + (last + 1 - first) * step) last += 1;
      words.push(last === first ? String(start) : `${start}${step < 0 ? "" : "+"}${step}x${last - first}`);
    }
    first = last + 1;
  }
  return words.join(" ");
}

/** As promtool wants them, with the labels that a target has: a series that is never there is left out. */
export function inputSeries(name: string, pair: Pair): { series: string; values: string }[] {
  const target = {
    a: ["keepalived-vip", ', node="a"'],
    b: ["keepalived-vip", ', node="b"'],
    vip: ["keepalived-vip-address", ""],
  };
  return (["a", "b", "vip"] as const).flatMap((part) =>
    Object.entries(pair[part] ?? {}).flatMap(([series, value]) => {
      const values = notation(value);
      const [, metric = "", inner = ""] = /^([^{]+)(?:\{(.*)\})?$/.exec(series) ?? [];
      const job = metric === "probe_success" ? "keepalived-vip-probe" : target[part][0];
      const instance =
        part === "vip"
          ? `, instance="${job === "keepalived-vip-probe" ? "http://10.0.1.100/" : "10.0.1.100:9100"}"`
          : "";
      const labels = `job="${job}", pair="${name}"${target[part][1]}${instance}${inner && `, ${inner}`}`;
      return /^_x\d+$/.test(values) ? [] : [{ series: `${metric}{${labels}}`, values }];
    }),
  );
}
