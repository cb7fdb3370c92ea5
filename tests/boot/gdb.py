"""QEMU's gdb stub: stops a machine exactly where a test wants to look at it.

The protocol is GDB's remote serial protocol (GDB manual, appendix E): `$packet#checksum`, answered with `+`. Only what
is needed here: a hardware breakpoint, go on, one step. The machine stands still unless go_on() or step() runs.
"""
import select
import time


class Stub:
    def __init__(self, connection):
        self.socket, self.received = connection, b""

    def byte(self):
        if not self.received:
            self.received = self.socket.recv(4096)
            assert self.received, "the gdb stub hung up: the machine was reset or ended"
        first, self.received = self.received[:1], self.received[1:]
        return first

    def send(self, packet):
        self.socket.sendall(b"$%s#%02x" % (packet.encode(), sum(packet.encode()) & 255))
        assert self.byte() == b"+", packet

    def receive(self):
        """The next packet without its frame. None of those read here has escaped bytes."""
        while self.byte() != b"$":
            pass
        packet = b""
        while (byte := self.byte()) != b"#":
            packet += byte
        assert int(self.byte() + self.byte(), 16) == sum(packet) & 255, packet
        self.socket.sendall(b"+")
        return packet.decode()

    def ask(self, packet, answer):
        self.send(packet)
        said = self.receive()
        assert said.startswith(answer), (packet, said)

    def set_break(self, address):
        self.ask(f"Z1,{address:x},1", "OK")

    def clear_break(self, address):
        self.ask(f"z1,{address:x},1", "OK")

    def step(self):
        self.ask("s", "T05")

    def go_on(self, seconds, given_up):
        """Until the breakpoint, which gives SIGTRAP. given_up() is asked now and then: whether there is no hope."""
        self.send("c")
        end = time.monotonic() + seconds
        while not self.received and not select.select([self.socket], [], [], 0.1)[0]:
            assert not given_up(), "the machine stopped before the breakpoint"
            assert time.monotonic() < end, "the breakpoint was not reached in time"
        said = self.receive()
        assert said.startswith("T05"), f"the machine stopped with {said}"
