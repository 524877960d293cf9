import { engines, Lab } from "../../support/lab.ts";
import { failsOver } from "./failover.ts";

failsOver("standing-master", new Lab("tm"), engines.at(-1));
