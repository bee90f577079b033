"""A server process: it never outlives the benchmark, and the kernel says what it costs."""
import ctypes
import os
import signal
import subprocess
import time

LIBC = ctypes.CDLL(None)  # loaded here: nothing may be loaded between fork and exec
PDEATHSIG = 1
CPU_CLOCK = 2             # of a whole process, by the scheduler (Linux, CPUCLOCK_SCHED)


def die_with_parent():
    LIBC.prctl(PDEATHSIG, signal.SIGKILL)


def busy_seconds():
    """CPU seconds of the whole machine, all users."""
    with open("/proc/stat", encoding="utf-8") as stat:
        fields = [int(each) for each in stat.readline().split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:8])) / os.sysconf("SC_CLK_TCK")


class Process:
    def __init__(self, command, log, cwd=None):
        self.log = log
        with open(log, "ab") as out:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=cwd,
                                          preexec_fn=die_with_parent)
        self.pid = self.child.pid

    def cpu(self):
        """Seconds of user and system time so far, all threads, those that ended too."""
        return time.clock_gettime_ns((~self.pid << 3) | CPU_CLOCK) / 1e9

    def memory(self):
        """(resident kB, private kB): the second leaves out the pages that processes share."""
        resident = private = 0
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="utf-8") as rollup:
            for line in rollup:
                if line.startswith("Rss:"):
                    resident = int(line.split()[1])
                elif line.startswith("Private_"):
                    private += int(line.split()[1])
        return resident, private

    def check(self):
        if self.child.poll() is not None:
            raise RuntimeError(f"exit code {self.child.returncode}: {self.tail()}")

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def tail(self):
        return self.text()[-1500:]

    def stop(self):
        if self.child.poll() is None:
            self.child.terminate()

    def reap(self, seconds=5):
        try:
            self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def until(condition, seconds, what):
    """The first true value of condition(), asked every 50 ms; RuntimeError after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise RuntimeError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)  # lint: allow(sleep) a poll with a deadline
