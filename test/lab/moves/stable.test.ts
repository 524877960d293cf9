import { engines, Lab } from "../../support/lab.ts";
import { failsOver } from "./failover.ts";

failsOver("stable", new Lab("ts"), engines[0]);
