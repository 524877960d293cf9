/** What a run would do, in words, before it does anything. */
import { word } from "../../terminal/shell.ts";
import { table } from "../../terminal/table.ts";
import { needsGuest, type PointName, points } from "./points/catalogue.ts";
import { type Need, withTheirNeeds } from "./stage.ts";

/** Where a run writes down what it makes, unless --ledger says otherwise. */
export const defaultLedger = ".probe/ledger.jsonl";

/** Words, and beside each what there is to say of it. */
export const nameAndText = (rows: string[][]): string =>
  table([{ head: "" }, { head: "", wraps: true }], rows).join("\n");

const noPrice = "no price that we know of";

const parts: Record<Need, { makes: string; cost: string }> = {
  network: {
    makes: "a VPC 10.15.0.0/16 with one subnet, a security group without a rule to come in, spare ENIs",
    cost: noPrice,
  },
  enis: { makes: "two ENIs with a VIP", cost: noPrice },
  machines: {
    makes:
      "two of the cheapest machines with two cores by the hour, without a public address, with a key that nobody has",
    cost: "two machines and their system disks for about half an hour; a run begins by showing the price that the cloud quotes (https://buy.cloud.tencent.com/price/cvm)",
  },
  eip: {
    makes: "one EIP of 1 Mbit/s, by traffic",
    cost: "its traffic, which is next to none, and what the price page asks for an address that is not in use (https://buy.cloud.tencent.com/price/eip)",
  },
};

/** What removes what a run has left, as it is typed. */
export const cleanCommand = (ledger: string): string =>
  `npm run probe-cloud -- --clean${ledger === defaultLedger ? "" : ` --ledger ${word(ledger)}`}`;

export function planText(chosen: PointName[], where: string, ledger: string): string {
  const makes = withTheirNeeds(chosen.flatMap((name) => points[name].needs)).map(
    (need) => `  ${parts[need].makes}\n      ${parts[need].cost}`,
  );
  const small = chosen.filter((name) => points[name].needs.length === 0);
  if (small.length > 0)
    makes.push(`  key pairs and a policy that allows nothing of note (${small.join(", ")})\n      ${noPrice}`);
  return `This would ask ${where} ${chosen.length} questions:
${nameAndText(chosen.map((name) => [name, points[name].question]))}

It would make, and remove at the end:
${makes.join("\n")}

Everything is named kc-probe-…, carries the tag keepalived-cluster-probe, and is written to ${ledger} before it is
made. It is removed at the end, after Ctrl-C too; what could not be removed then goes with: ${cleanCommand(ledger)}

Nothing was made. To run it: npm run probe-cloud -- --yes`;
}

/** The catalogue, for a reader. */
export function catalogueText(chosen: PointName[]): string {
  const texts = chosen.map((name) => {
    const { question, why, how, answers, needs } = points[name];
    const lines = nameAndText(answers.map(({ is, means }) => [JSON.stringify(is), means])).replaceAll(/^/gm, "  ");
    return `${name}\n  ${question}\n  why: ${why}\n  how: ${how}\n  needs: ${needs.join(", ") || "nothing"}\n${lines}`;
  });
  const guests = needsGuest.map(({ name, question, why, look }) => `${name}\n  ${question}\n  ${why}. Look: ${look}`);
  return `${texts.join("\n\n")}\n\nNot to be asked through the API, but inside a machine:\n\n${guests.join("\n\n")}`;
}
