"""A full disk: at the first start, where the node key is made, and under the log."""
import os
import shutil
import subprocess
import unittest

from chaos_case import ChaosCase, ask
from node import environment
from wait import until


def small_disk(directory):
    """64 KiB of memory as a disk; False where that is not permitted."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "none", directory],
                          capture_output=True, check=False)
    return done.returncode == 0


class FullDisk(ChaosCase):
    COUNT = 3

    def test_no_key_is_made_on_a_full_disk(self):
        disk = os.path.join(self.keys, "disk")
        os.mkdir(disk)
        if not small_disk(disk):
            self.skipTest("may not mount")
        self.addCleanup(subprocess.run, ["umount", disk], check=False)
        filler = os.path.join(disk, "filler")
        with open(filler, "wb", buffering=0) as file, self.assertRaises(OSError):
            while True:
                file.write(bytes(1024))
        node = self.member("disk/key", start=False, **{
            "transport.name": "full", "overlay.amnesia": False, "mesh.allow": ["1" * 64]})
        node.start(ready=False)
        self.assertEqual(node.wait_exit(), 78, node.tail())
        text = "\n".join(node.log)
        self.assertIn("identity.key_file", text)
        self.assertIn("space", text)
        self.assertEqual(os.listdir(disk), ["filler"], "nothing half-written is left")
        os.remove(filler)
        self.again(node)
        self.assertEqual(os.path.exists(os.path.join(disk, "key")), True)
        node.stop()

    def test_a_log_that_cannot_be_written_stops_nobody(self):
        nodes = self.build()
        lost = nodes[2]
        self.kill(lost)
        shutil.rmtree(os.path.dirname(lost.uds), ignore_errors=True)
        lost.log.clear()
        with open("/dev/full", "wb", buffering=0) as full:
            lost.process = subprocess.Popen(lost.command(), cwd=lost.directory, env=environment(),
                                            stdin=subprocess.DEVNULL, stdout=full, stderr=full)
        lost.process.stdout = lost.process.stderr = open(os.devnull, "rb")
        until(lambda: os.path.exists(lost.uds), 10, "it starts")
        until(lambda: ask(lost, "status")["ready"], 20, "it is ready")
        self.whole(20)
        self.alive()


if __name__ == "__main__":
    unittest.main()
