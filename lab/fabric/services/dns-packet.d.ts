/** The part of dns-packet that the lab uses; the package itself brings no types. */
declare module "dns-packet" {
  export interface Question {
    name: string;
    type: string;
  }
  export interface Answer extends Question {
    ttl: number;
    data: string;
  }
  export interface Packet {
    id?: number;
    type?: "query" | "response";
    flags?: number;
    rcode?: string;
    questions?: Question[];
    answers?: Answer[];
  }
  const dnsPacket: {
    AUTHORITATIVE_ANSWER: number;
    RECURSION_DESIRED: number;
    RECURSION_AVAILABLE: number;
    encode(packet: Packet): Buffer;
    decode(buffer: Buffer): Packet;
  };
  export default dnsPacket;
}
