"""An overlay made of flows alone, beside a segment, on one switch and one tunnel port.

The flows are those that a controller would write: they give a guest's frames their tunnel id, learn behind which host each
address is from the frames that come, and send to that host, or to all of them.
"""

import ipaddress

from harness import until
from segment_test import VNI, SegmentTest

REQUIRED_TOOLS = ["ip", "ping", "iperf3", "bridge"]
FLOWS = (
    "table=0,in_port=vxlan0,tun_id={vni},actions=learn(table=1,idle_timeout=300,priority=10,NXM_NX_TUN_ID[],"
    "NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_NX_TUN_IPV4_SRC[]->NXM_NX_TUN_IPV4_DST[],output:NXM_OF_IN_PORT[]),"
    "output:{port}",
    "table=0,in_port={port},actions=set_field:{vni}->tun_id,resubmit(,1)",
    "table=1,priority=0,tun_id={vni},actions={flood}",
    # The segment's: its guest, and what comes with its id.
    "table=0,in_port=blue,actions=NORMAL",
    "table=0,in_port=vxlan0,tun_id=5002,actions=NORMAL",
)


class ProgrammedOverlayTest(SegmentTest):
    def setUp(self):
        self.places = self.hosts(3)
        self.switches = [self.switch(host) for host in self.places]
        self.guests, self.blue = [], []
        for number, (host, switch) in enumerate(zip(self.places, self.switches), 1):
            others = [other.vtep for other in self.places if other is not host]
            self.segment(switch, *others, name="blue", vni=5002)
            self.guests.append(self.guest(switch, "p1", f"10.0.0.{number}", mac=f"02:00:00:00:00:0{number}"))
            self.blue.append(self.guest_in(switch, "blue", number, "blue"))
            flood = ",".join(f"set_field:{vtep}->tun_dst,output:vxlan0" for vtep in others)
            for flow in FLOWS:
                switch.add_flow(flow.format(vni=VNI, port="p1", flood=flood))

    def learned(self, switch):
        return [flow for flow in switch.ofctl("dump-flows", "br0", "table=1").stdout.splitlines() if "dl_dst" in flow]

    def test_guests_reach_each_other_and_each_way_is_learned(self):
        for guest in self.guests:
            for number in range(1, 4):
                if guest.address != f"10.0.0.{number}":
                    self.assert_pings(guest, f"10.0.0.{number}", 2)
        for host, switch in zip(self.places, self.switches):
            flows = self.learned(switch)
            self.assertEqual(len(flows), 2, flows)
            for number, other in enumerate(self.places, 1):
                if other is not host:
                    way = f"load:{int(ipaddress.ip_address(other.vtep)):#x}->NXM_NX_TUN_IPV4_DST[]"
                    self.assertTrue(any(f"dl_dst=02:00:00:00:00:0{number}" in flow and way in flow for flow in flows),
                                    flows)
        self.assert_tcp(self.guests[0], self.guests[2])

    def test_a_segment_with_equal_addresses_does_not_meet_it(self):
        self.assert_pings(self.guests[0], "10.0.0.2")
        self.assert_pings(self.blue[0], "10.0.0.2")
        before = self.blue[1].place.counter("eth0", "rx_packets")
        self.assert_pings(self.guests[0], "10.0.0.2", 5)
        until(lambda: self.guests[1].place.counter("eth0", "rx_packets") >= 10, "the flows' guest has them")
        self.assertLess(self.blue[1].place.counter("eth0", "rx_packets") - before, 5)
        # Its host's flows gone, the one is silent; the segment is not.
        self.switches[1].ofctl("del-flows", "br0", "table=0,in_port=vxlan0,tun_id=5001")
        self.assertEqual(self.pings(self.guests[0], "10.0.0.2", 2, "-W", "1"), 0)
        self.assert_pings(self.blue[0], "10.0.0.2")
