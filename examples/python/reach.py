"""Says why brokers do not answer from this machine."""

import re

# A broker that the bootstrap servers named is known by its id, as in "192.168.56.250:9092/1: …".
SENT_ON = re.compile(r"(?P<address>\S+)/\d+: ")

# How long a connection may take, so that its failure is told before a client gives up.
CONNECT_MS = 4000


def explain_silence(bootstrap_servers, errors):
    """What is wrong between this machine and the brokers, from a client's errors about them."""
    told = [error.str() for error in errors if not error.str().endswith("brokers are down")]
    for text in reversed(told):
        sent_on = SENT_ON.match(text)
        if sent_on and sent_on["address"] not in bootstrap_servers.split(","):
            return (
                f"{bootstrap_servers} answers, and sends clients on to {sent_on['address']}, "
                f"which this machine does not reach; the brokers' listener must advertise "
                f"the address that is dialled from here\n  {text}"
            )
    if told:
        return (
            f"no broker answers at {bootstrap_servers}; see that it runs, that it has "
            f"a listener for other machines, and that no firewall is between\n  {told[-1]}"
        )
    return f"{bootstrap_servers} is reached, but is not done in time; see the brokers' log"
