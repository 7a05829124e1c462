import { describe, expect, test } from "vitest";
import { parseWriterLine } from "../../smoke-tests/clients/verifiable-producer.ts";

describe("parseWriterLine", () => {
  test("reads an acknowledgement, as Kafka 4.1.1 prints it", () => {
    const line =
      '{"timestamp":1795421832368,"name":"producer_send_success","key":"0","value":"12","offset":4,"topic":"t1","partition":2}';
    expect(parseWriterLine(line)).toEqual({
      is: "acknowledged",
      record: { value: "12", partition: 2, offset: 4 },
    });
  });

  test("reads why a record was not taken", () => {
    const line =
      '{"timestamp":1795421832368,"name":"producer_send_error","topic":"t1","key":null,"value":"3","exception":"class org.apache.kafka.common.errors.TimeoutException","message":"Expiring 1 record(s)"}';
    expect(parseWriterLine(line)).toEqual({
      is: "refused",
      value: "3",
      why: "Expiring 1 record(s)",
    });
  });

  test("leaves alone what the command says of itself", () => {
    expect(parseWriterLine('{"timestamp":1,"name":"startup_complete"}')).toEqual({ is: "other" });
    expect(parseWriterLine('{"timestamp":1,"name":"tool_data","sent":5,"acked":5}')).toEqual({
      is: "other",
    });
  });

  test("takes a line of a log for none of its own", () => {
    expect(parseWriterLine("[2026-11-23] WARN something")).toBeUndefined();
  });
});
