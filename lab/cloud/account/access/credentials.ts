/** Keys that sign requests: the account's own, those of its users, and temporary ones that a role gives to a machine. */
import { randomInt } from "node:crypto";
import type { Clock } from "../behaviour/clock.ts";
import type { Caller } from "../records.ts";

export interface Credential {
  secretId: string;
  secretKey: string;
  /** "" for a key that lasts. */
  token: string;
  caller: Caller;
  /** Milliseconds since 1970; the account's own key and its users' live for ever. */
  expiresMs: number;
  revoked: boolean;
}

export const lifetimeMs = 3600_000;

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const secret = (length: number) => Array.from({ length }, () => letters[randomInt(letters.length)]).join("");

export class Credentials {
  readonly root: Credential;
  readonly #clock: Clock;
  readonly #byId = new Map<string, Credential>();
  /** Role and instance to the credential handed out last. */
  readonly #current = new Map<string, Credential>();

  constructor(clock: Clock, root?: { secretId: string; secretKey: string }) {
    this.#clock = clock;
    this.root = this.#add({ kind: "root" }, "", Number.POSITIVE_INFINITY, root);
  }

  /** The credential of a role on one machine: the same until half of its life is over, then a new one. */
  ofRole(role: string, instanceId: string): Credential {
    const key = `${role} ${instanceId}`;
    const current = this.#current.get(key);
    const nowMs = this.#clock.now();
    if (current && !current.revoked && current.expiresMs - nowMs > lifetimeMs / 2) return current;
    const next = this.#add({ kind: "role", role }, secret(64), nowMs + lifetimeMs);
    this.#current.set(key, next);
    return next;
  }

  /** A key of its own for each wish; it ends by itself. */
  federated(caller: Caller, lastsMs: number): Credential {
    return this.#add(caller, secret(64), this.#clock.now() + lastsMs);
  }

  /** A key that lasts until somebody deletes it. */
  ofUser(user: string): Credential {
    return this.#add({ kind: "user", user }, "", Number.POSITIVE_INFINITY);
  }

  /** Switches a key off, or on again. */
  revoke(secretId: string, revoked: boolean): void {
    const credential = this.#byId.get(secretId);
    if (credential) credential.revoked = revoked;
  }

  forget(secretId: string): void {
    this.#byId.delete(secretId);
  }

  find(secretId: string): Credential | undefined {
    return this.#byId.get(secretId);
  }

  /** Every role credential handed out so far stops working. */
  revokeRoles(): void {
    for (const credential of this.#byId.values()) if (credential.caller.kind === "role") credential.revoked = true;
  }

  #add(caller: Caller, token: string, expiresMs: number, given?: { secretId: string; secretKey: string }): Credential {
    const { secretId, secretKey } = given ?? { secretId: `AKID${secret(32)}`, secretKey: secret(32) };
    const made = { secretId, secretKey, token, caller, expiresMs, revoked: false };
    this.#byId.set(secretId, made);
    return made;
  }
}
