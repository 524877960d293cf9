import type { CloudIds, Mode, PairSettings } from "../../render/model.ts";

/** The pair of the golden files: every value differs from its default, so that none can be a constant by mistake. */
export const settingsFor = (mode: Mode): PairSettings => ({
  pair: "keepalived-cluster-prod",
  mode,
  preferredNode: "b",
  preemptDelayS: 45,
  advertIntervalMs: 300,
  virtualRouterId: 77,
  keepConnectionsS: null,
  vip: "10.20.5.200",
  subnetCidr: "10.20.4.0/23",
  nodeAddresses: { a: "10.20.4.21", b: "10.20.5.22" },
  region: "ap-shanghai",
  vpcEndpoints: ["vpc.internal.tencentcloudapi.com", "vpc.tencentcloudapi.com"],
  healthCheck: {
    kind: "http",
    target: "http://127.0.0.1:8080/health",
    intervalS: 5,
    timeoutS: 4,
    fall: 6,
    rise: 7,
    secret: false,
  },
  hooks: [
    { state: "active", name: "10-promote", content: "#!/bin/sh\nexec promote\n" },
    { state: "standby", name: "10-demote", content: "#!/bin/sh\nexec demote\n" },
  ],
  notifyUrl: "https://hooks.example/TopSecret",
  notifyFormat: "dingtalk",
  notifySecret: "SEC-TopSecret",
});

/** The same without anything for the user's own service. */
export const bareSettingsFor = (mode: Mode): PairSettings => {
  return {
    ...settingsFor(mode),
    healthCheck: null,
    hooks: [],
    notifyUrl: null,
    notifyFormat: "json",
    notifySecret: null,
  };
};

export const cloudIds: CloudIds = {
  eniIds: { a: "eni-aaaaaaaa", b: "eni-bbbbbbbb" },
  eniMacs: { a: "20:90:6F:00:00:0A", b: "20:90:6F:00:00:0B" },
  eipId: "eip-cccccccc",
};
