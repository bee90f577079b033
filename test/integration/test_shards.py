"""Two shards: what one publisher sends stays in order for readers of both, and what a slow reader of
either loses is told exactly."""
import unittest

from case import NodeCase, numbered
from test_slow_reader import PATIENT

PARTS, BATCH = 40, 100      # of each writer: a batch that crosses as a loan, and a small message
MESSAGES = PARTS * (BATCH + 1)


class TwoShards(NodeCase):
    """The Unix socket deals sessions out to the shards in turn: of two that follow each other, one is
    on each."""

    CONFIG = {**PATIENT, "overlay.shards": 2, "overlay.peer.max_fps": 100_000_000}
    UDS = True
    SECONDS = 4

    def pair(self):
        return [self.keep(self.node.uds_session()) for _ in range(2)]

    def in_order(self, frames, writers):
        """Each writer's messages rise, and gaps add up to what was told; returns the losses."""
        due, missing, told = dict.fromkeys(range(writers), 0), 0, 0
        for frame in frames:
            if frame.kind == "lagged":
                told += frame.msg["dropped"]
                continue
            writer, index = divmod(int.from_bytes(frame.msg["data"][:8], "big"), MESSAGES)
            self.assertGreaterEqual(index, due[writer], "out of order")
            missing += index - due[writer]
            due[writer] = index + 1
        missing += sum(MESSAGES - next_one for next_one in due.values())
        self.assertEqual(missing, told)
        return told

    def test_order_and_exact_losses(self):  # OAP-4.41, OAP-4.42, OAP-4.43
        fast, slow, topic = self.pair(), self.pair(), self.topic()
        writers = self.pair() + self.pair()
        for reader in fast + slow:
            reader.subscribe(topic)
        got = [[] for _ in fast]
        for part in range(PARTS):
            for number, writer in enumerate(writers):
                start = number * MESSAGES + part * (BATCH + 1)
                writer.raw(numbered(topic, BATCH, 1024, start) + numbered(topic, 1, 16, start + BATCH))
            for reader, frames in zip(fast, got):
                for _ in range(len(writers) * (BATCH + 1)):
                    frames.append(reader.recv(5))
                self.assertNotIn(None, frames)
        for frames in got:
            self.assertEqual(self.in_order(frames, len(writers)), 0, "who reads loses nothing")
        total = len(writers) * MESSAGES
        lost = [self.in_order(reader.catch_up(total), len(writers)) for reader in slow]
        self.assertGreater(min(lost), 0, "16 MiB do not fit into a lane of 4 MiB")
        self.moved(lost=sum(lost), gossip_lost=sum(lost), told=sum(lost))


if __name__ == "__main__":
    unittest.main()
