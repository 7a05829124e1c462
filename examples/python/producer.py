#!/usr/bin/env python3
"""Sends JSON records to a topic and tells what became of each."""

import argparse
import json
import sys

from confluent_kafka import KafkaError, Producer

from reach import CONNECT_MS, explain_silence


def json_record(text):
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not JSON: {error}") from error


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap-servers", default="192.168.56.101:9092")
    parser.add_argument("--topic", default="jsontest")
    parser.add_argument(
        "--timeout", type=float, default=15, help="seconds until a record counts as lost"
    )
    parser.add_argument(
        "records", nargs="*", type=json_record, default=[{"foo": "bar"}], metavar="JSON"
    )
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    lost = []
    errors = []

    def report(error, message):
        """Called from poll() and flush(), once for each record."""
        if error is None:
            place = f"{message.topic()} [{message.partition()}] at offset {message.offset()}"
            print(f"delivered to {place}")
        else:
            lost.append(error)
            print(f"not delivered to {message.topic()}: {error.str()}", file=sys.stderr)

    producer = Producer(
        {
            "bootstrap.servers": arguments.bootstrap_servers,
            "enable.idempotence": True,  # a record that is sent again is not written twice
            "message.timeout.ms": int(arguments.timeout * 1000),
            "socket.connection.setup.timeout.ms": CONNECT_MS,
            "error_cb": errors.append,
            "log_level": 2,  # what matters goes to error_cb
        }
    )
    for record in arguments.records:
        producer.poll(0)
        value = json.dumps(record, ensure_ascii=False).encode()
        producer.produce(arguments.topic, value, on_delivery=report)
    producer.flush()
    if any(error.code() == KafkaError._MSG_TIMED_OUT for error in lost):
        print(explain_silence(arguments.bootstrap_servers, errors), file=sys.stderr)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
