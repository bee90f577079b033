"""A stream of publications at one node, and readers at others who note what comes."""
import collections
import threading

import oap
from client import Closed
from wait import until

EVERY = 0.05        # seconds between publications
KEEP_EVERY = 25     # publications: no session falls asleep


class Reader(threading.Thread):
    """A subscriber that counts each number it gets."""

    def __init__(self, node, topic):
        super().__init__(daemon=True)
        self.node, self.topic = node, topic
        self.session = node.uds_session()
        self.session.subscribe(topic)
        self.came = collections.Counter()
        self.lagged, self.ended, self.over = 0, None, threading.Event()
        self.start()

    def run(self):
        turns = 0
        try:
            while not self.over.is_set():
                frame = self.session.recv(0.2)
                turns += 1
                if turns % KEEP_EVERY == 0:
                    self.session.send(oap.KEEP)
                if frame is not None and frame.kind == "gossip":
                    self.came[int(frame.msg["data"])] += 1
                elif frame is not None and frame.kind == "lagged":
                    self.lagged += frame.msg["dropped"]
        except (Closed, OSError) as end:
            self.ended = repr(end)

    def close(self):
        self.over.set()
        self.join(10)
        self.session.close()


class Traffic(threading.Thread):
    """Publishes 0, 1, 2... until closed. Every number that the node accepted is owed to readers."""

    def __init__(self, writer, readers, topic):
        super().__init__(daemon=True)
        self.readers = [Reader(node, topic) for node in readers]
        self.topic, self.session = topic, writer.uds_session()
        self.sent, self.fault, self.over = 0, None, threading.Event()
        self.start()

    def run(self):
        try:
            while not self.over.wait(EVERY):
                self.session.publish(self.topic, str(self.sent).encode())
                self.sent += 1
        except (Closed, OSError, AssertionError) as fault:
            self.fault = repr(fault)

    def lasts(self, seconds):
        """Returns after so many seconds of it: how long a fault lasts."""
        enough = self.sent + seconds / EVERY
        until(lambda: self.sent >= enough or self.fault, seconds * 10, "traffic")

    def stop(self):
        self.over.set()
        self.join(10)

    def missing(self):
        """What is owed, by the name of the node."""
        owed = range(self.sent)
        lost = {reader.node.name: [n for n in owed if not reader.came[n]] for reader in self.readers}
        return {name: f"{len(gone)} of {self.sent}, {gone[0]} to {gone[-1]}"
                for name, gone in lost.items() if gone}

    def settle(self, case, seconds=20):
        """Ends; everybody has got everything, once."""
        self.stop()
        case.assertIsNone(self.fault, "the writer's session")
        until(lambda: not self.missing(), seconds, lambda: f"everything delivered, missing {self.missing()}")
        for reader in self.readers:
            twice = [n for n, count in reader.came.items() if count > 1]
            case.assertEqual((twice, reader.lagged, reader.ended), ([], 0, None), reader.node.name)

    def close(self):
        self.stop()
        self.session.close()
        for reader in self.readers:
            reader.close()
