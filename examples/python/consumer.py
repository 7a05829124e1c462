#!/usr/bin/env python3
"""Prints the records of a topic, from the first one that its group has not read. Ctrl-C ends it."""

import argparse
import sys
import time

from confluent_kafka import Consumer, KafkaError

from reach import CONNECT_MS, explain_silence


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap-servers", default="192.168.56.101:9092")
    parser.add_argument("--topic", default="jsontest")
    parser.add_argument("--group", default="mygroup")
    parser.add_argument(
        "--count", type=int, help="records to end after; without it, go on until Ctrl-C"
    )
    parser.add_argument(
        "--timeout", type=float, default=15, help="seconds until silent brokers are given up"
    )
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    errors = []
    joined = False

    def on_assign(_consumer, _partitions):
        """Called from poll() once the group has taken this consumer in."""
        nonlocal joined
        joined = True

    consumer = Consumer(
        {
            "bootstrap.servers": arguments.bootstrap_servers,
            "group.id": arguments.group,
            "auto.offset.reset": "earliest",
            "allow.auto.create.topics": True,  # it may be started before the producer
            "socket.connection.setup.timeout.ms": CONNECT_MS,
            "error_cb": errors.append,
            "log_level": 2,  # what matters goes to error_cb
        }
    )
    consumer.subscribe([arguments.topic], on_assign=on_assign)
    received = 0
    deadline = time.monotonic() + arguments.timeout
    try:
        while arguments.count is None or received < arguments.count:
            message = consumer.poll(1.0)
            if message is None:
                if not joined and time.monotonic() > deadline:
                    print(explain_silence(arguments.bootstrap_servers, errors), file=sys.stderr)
                    return 1
                continue
            if message.error():
                if message.error().code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                    continue  # nobody has made it yet
                reason = message.error().str()
                print(f"not received from {arguments.topic}: {reason}", file=sys.stderr)
                return 1
            received += 1
            value = message.value()
            text = "(no value)" if value is None else value.decode(errors="replace")
            place = f"{message.topic()} [{message.partition()}] at offset {message.offset()}"
            print(f"received from {place}: {text}", flush=True)
    except KeyboardInterrupt:
        pass
    finally:
        # Leaves the group, and commits what was read.
        consumer.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
