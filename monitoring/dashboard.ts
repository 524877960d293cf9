/** dashboard.json for Grafana: all pairs at a glance, then a row for each. Queries of our own are those that rules.yml records. */
import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import { BigValueTextMode, type DataSourceRef } from "@grafana/grafana-foundation-sdk/common";
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  MappingType,
  QueryVariableBuilder,
  RowBuilder,
  type ValueMap,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimelineBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as SeriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

const datasource: DataSourceRef = { type: "prometheus", uid: "$datasource" };
const nodes = 'job="keepalived-vip", pair="$pair"';
/** Grafana's grid is 24 wide. */
const full = 24;

function query(expr: string, legend: string, instant = false): Builder<Dataquery> {
  const one = new DataqueryBuilder().expr(expr).legendFormat(legend).datasource(datasource);
  return instant ? one.instant() : one.range();
}

interface Shown {
  title: string;
  description: string;
  expr: string;
  legend: string;
  unit?: string;
  width: number;
  height?: number;
}

/** One number, of now. */
const stat = ({ title, description, expr, legend, unit = "none", width, height = 4 }: Shown) =>
  new StatBuilder()
    .title(title)
    .description(description)
    .datasource(datasource)
    .unit(unit)
    .span(width)
    .height(height)
    .noValue("none")
    .withTarget(query(expr, legend, true));

const series = ({ title, description, expr, legend, unit = "short", width, height = 7 }: Shown) =>
  new SeriesBuilder()
    .title(title)
    .description(description)
    .datasource(datasource)
    .unit(unit)
    .min(0)
    .span(width)
    .height(height)
    .withTarget(query(expr, legend));

/** Bars of what is when. @param words value -> its word and colour */
const timeline = (
  { title, description, expr, legend, width, height = 5 }: Shown,
  words: Record<string, [text: string, color: string]>,
) =>
  new TimelineBuilder()
    .title(title)
    .description(description)
    .datasource(datasource)
    .mappings([valueMap(words)])
    .span(width)
    .height(height)
    .withTarget(query(expr, legend));

const valueMap = (words: Record<string, [text: string, color: string]>): ValueMap => ({
  type: MappingType.ValueToText,
  options: Object.fromEntries(
    Object.entries(words).map(([value, [text, color]], index) => [value, { text, color, index }]),
  ),
});

const served = { 0: ["not served", "red"], 1: ["served", "green"] } satisfies Record<string, [string, string]>;

/** The dashboard, as Grafana imports it. */
export function dashboard(): Dashboard {
  return new DashboardBuilder("keepalived-cluster")
    .uid("keepalived-cluster")
    .description("Highly available pairs with one VIP each: who serves, since when, and is the other one ready.")
    .tags(["keepalived", "vip"])
    .time({ from: "now-6h", to: "now" })
    .timezone("browser")
    .refresh("30s")
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"))
    .withVariable(
      new QueryVariableBuilder("pair")
        .label("Pair")
        .datasource(datasource)
        .query('label_values(up{job="keepalived-vip"}, pair)')
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .sort(VariableSort.AlphabeticalAsc)
        .multi(true)
        .includeAll(true),
    )
    .withRow(new RowBuilder("All pairs"))
    .withPanel(
      timeline(
        {
          title: "Served",
          description: "Whether each VIP answers.",
          expr: "pair:keepalived_vip_serving:bool",
          legend: "{{pair}}",
          width: 14,
          height: 8,
        },
        served,
      ),
    )
    .withPanel(
      timeline(
        {
          title: "Alerts",
          description: "What fires; each has a section in the runbook.",
          expr: 'max by (pair, alertname) (ALERTS{alertname=~"Vip.+", alertstate="firing"})',
          legend: "{{pair}} {{alertname}}",
          width: 10,
          height: 8,
        },
        { 1: ["firing", "orange"] },
      ),
    )
    .withRow(new RowBuilder("$pair").repeat("pair"))
    .withPanel(
      stat({
        title: "Answers",
        description: "Which node answers on the VIP, or is MASTER where nobody asks the VIP.",
        expr: `keepalived_vip_build_info{job="keepalived-vip-address", pair="$pair"} or on (pair) keepalived_vip_role{${nodes}, role="master"} == 1`,
        legend: "{{node}}",
        width: 4,
      }).textMode(BigValueTextMode.Name),
    )
    .withPanel(
      stat({
        title: "Availability, 30 days",
        description: "Share of the time in which the VIP answered.",
        expr: 'pair:keepalived_vip_availability:ratio_30d{pair="$pair"}',
        legend: "",
        unit: "percentunit",
        width: 5,
      }).decimals(4),
    )
    .withPanel(
      stat({
        title: "Time to recover, 30 days",
        description: "How long it did not, on average, in steps of 15 s; none where it never was so.",
        expr: 'pair:keepalived_vip_time_to_recover_seconds:mean_30d{pair="$pair"}',
        legend: "",
        unit: "s",
        width: 5,
      }),
    )
    .withPanel(
      stat({
        title: "Last move",
        description: "How long it took, from what it was due to until the cloud delivered.",
        expr: 'pair:keepalived_vip_last_move_seconds:sum{pair="$pair"}',
        legend: "",
        unit: "s",
        width: 5,
      }).decimals(2),
    )
    .withPanel(
      stat({
        title: "Version",
        description: "Of the runtime of each node.",
        expr: `keepalived_vip_build_info{${nodes}}`,
        legend: "{{node}} {{version}}",
        width: 5,
      }).textMode(BigValueTextMode.Name),
    )
    .withPanel(
      timeline(
        {
          title: "Role",
          description: "What keepalived is on each node.",
          expr: `sum by (node) (keepalived_vip_role{${nodes}, role="master"} * 2 or keepalived_vip_role{${nodes}, role="backup"})`,
          legend: "{{node}}",
          width: full / 2,
        },
        { 0: ["neither", "red"], 1: ["BACKUP", "blue"], 2: ["MASTER", "green"] },
      ),
    )
    .withPanel(
      timeline(
        {
          title: "Role, NIC and cloud agree",
          description: "Some seconds of each move they do not.",
          expr: `keepalived_vip_mismatch{${nodes}}`,
          legend: "{{node}}",
          width: full / 2,
        },
        { 0: ["agree", "green"], 1: ["disagree", "red"] },
      ),
    )
    .withPanel(
      series({
        title: "Moves",
        description: "Moves of the VIP in five minutes, by the node that made them and what they were due to.",
        expr: `sum by (node, trigger) (increase(keepalived_vip_moves_total{${nodes}}[5m]))`,
        legend: "{{node}} {{trigger}}",
        width: full / 3,
      }),
    )
    .withPanel(
      series({
        title: "Last move by phase",
        description: "decision: until the call is made; request: until it is accepted; cloud: until it is delivered.",
        expr: `keepalived_vip_last_move_phase_seconds{${nodes}}`,
        legend: "{{node}} {{phase}}",
        unit: "s",
        width: full / 3,
      }),
    )
    .withPanel(
      series({
        title: "Requests to the cloud",
        description: "By result: ok, or the error's code.",
        expr: `sum by (node, result) (rate(keepalived_vip_api_requests_total{${nodes}}[5m]))`,
        legend: "{{node}} {{result}}",
        unit: "reqps",
        width: full / 3,
      }),
    )
    .withPanel(
      series({
        title: "Troubles and drain reasons",
        description:
          "How many things of each node do not work, or keep it from being MASTER: vip.py status names them.",
        expr: `sum by (node) (keepalived_vip_trouble{${nodes}} or keepalived_vip_drained{${nodes}})`,
        legend: "{{node}}",
        width: full / 3,
      }),
    )
    .withPanel(
      series({
        title: "Credentials left",
        description: "Of the CAM role; they are renewed five minutes before their end.",
        expr: `keepalived_vip_credentials_end_timestamp_seconds{${nodes}} - on (pair, node) keepalived_vip_last_update_timestamp_seconds{${nodes}}`,
        legend: "{{node}}",
        unit: "s",
        width: full / 3,
      }),
    )
    .withPanel(
      series({
        title: "Age of the metrics",
        description: "They are written every 15 s.",
        expr: `time() - keepalived_vip_last_update_timestamp_seconds{${nodes}}`,
        legend: "{{node}}",
        unit: "s",
        width: full / 3,
      }),
    )
    .build();
}

/** Every query of a dashboard, as Prometheus gets it for one pair. */
export const queriesOf = ({ panels = [] }: Dashboard, pair: string): string[] =>
  panels.flatMap((panel) =>
    ("targets" in panel ? (panel.targets ?? []) : []).flatMap((target) =>
      "expr" in target ? String(target.expr).replaceAll("$pair", pair) : [],
    ),
  );
