"""A router whose ports get their addresses over HTTP: POST /address {"port": 1, "address": "10.0.1.1/24"}.

    PYTHONPATH=. osken-manager --ofp-tcp-listen-port 6653 router.py

It answers ARP and pings to its own addresses, learns its neighbours by ARP, and gives the switch a flow for each, which
rewrites the Ethernet addresses and decrements the TTL. Where that runs out, it says so to the sender.
"""

import ipaddress

from os_ken.controller import ofp_event
from os_ken.controller.handler import MAIN_DISPATCHER, set_ev_cls
from os_ken.lib.packet import arp, ethernet, icmp, ipv4, packet
from os_ken.ofproto import ofproto_v1_3 as ofproto

from rest import Rest

BROADCAST = "ff:ff:ff:ff:ff:ff"
TO_NEIGHBOUR = 10  # priority


class Router(Rest):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.addresses = {}  # port -> ipaddress.IPv4Interface
        self.waiting = {}  # address of a neighbour that is not known yet -> packets for it

    def answer(self, words, body):
        if words != ["address"]:
            return super().answer(words, body)
        self.addresses[body["port"]] = ipaddress.IPv4Interface(body["address"])
        return []

    def on_connected(self, datapath):
        parser = datapath.ofproto_parser
        packet_ins = 1 << ofproto.OFPR_NO_MATCH | 1 << ofproto.OFPR_ACTION | 1 << ofproto.OFPR_INVALID_TTL
        datapath.send_msg(parser.OFPSetAsync(datapath, [packet_ins, 0], [0, 0], [0, 0]))
        self.add_flow(0, parser.OFPMatch(), [parser.OFPActionOutput(ofproto.OFPP_CONTROLLER, ofproto.OFPCML_NO_BUFFER)])

    def add_flow(self, priority, match, actions):
        parser = self.datapath.ofproto_parser
        apply = parser.OFPInstructionActions(ofproto.OFPIT_APPLY_ACTIONS, actions)
        self.datapath.send_msg(parser.OFPFlowMod(self.datapath, priority=priority, match=match, instructions=[apply]))

    def send(self, port, *headers):
        frame = packet.Packet()
        for header in headers:
            frame.add_protocol(header)
        frame.serialize()
        self.send_frame(frame.data, [self.datapath.ofproto_parser.OFPActionOutput(port)])

    def send_frame(self, frame, actions):
        self.datapath.send_msg(self.datapath.ofproto_parser.OFPPacketOut(
            datapath=self.datapath, buffer_id=ofproto.OFP_NO_BUFFER, in_port=ofproto.OFPP_CONTROLLER, actions=actions,
            data=frame))

    def mac(self, port):
        return self.datapath.ports[port].hw_addr

    def port_to(self, address):
        return next((port for port, own in self.addresses.items() if address in own.network), None)

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def on_packet(self, event):
        port, frame = event.msg.match["in_port"], packet.Packet(event.msg.data)
        if port not in self.addresses:
            return
        if said := frame.get_protocol(arp.arp):
            self.on_arp(port, said)
        elif header := frame.get_protocol(ipv4.ipv4):
            if event.msg.reason == ofproto.OFPR_INVALID_TTL:
                self.send_time_exceeded(port, frame, header)
            elif header.dst == str(self.addresses[port].ip):
                self.answer_ping(port, frame, header)
            else:
                self.ask_for(ipaddress.IPv4Address(header.dst), event.msg.data)

    def on_arp(self, port, said):
        self.learn(port, ipaddress.IPv4Address(said.src_ip), said.src_mac)
        own = str(self.addresses[port].ip)
        if said.opcode == arp.ARP_REQUEST and said.dst_ip == own:
            self.send(port, ethernet.ethernet(said.src_mac, self.mac(port), 0x0806),
                      arp.arp(opcode=arp.ARP_REPLY, src_mac=self.mac(port), src_ip=own, dst_mac=said.src_mac,
                              dst_ip=said.src_ip))

    def learn(self, port, address, mac):
        parser = self.datapath.ofproto_parser
        actions = [parser.OFPActionDecNwTtl(), parser.OFPActionSetField(eth_src=self.mac(port)),
                   parser.OFPActionSetField(eth_dst=mac), parser.OFPActionOutput(port)]
        self.add_flow(TO_NEIGHBOUR, parser.OFPMatch(eth_type=0x0800, ipv4_dst=str(address)), actions)
        for frame in self.waiting.pop(address, []):
            self.send_frame(frame, actions)

    def ask_for(self, address, frame):
        port = self.port_to(address)
        if port is None:
            return
        self.waiting.setdefault(address, []).append(frame)
        self.send(port, ethernet.ethernet(BROADCAST, self.mac(port), 0x0806),
                  arp.arp(opcode=arp.ARP_REQUEST, src_mac=self.mac(port), src_ip=str(self.addresses[port].ip),
                          dst_ip=str(address)))

    def back(self, port, frame, header):
        """The headers of a packet to who has sent this one."""
        sender = frame.get_protocol(ethernet.ethernet).src
        return (ethernet.ethernet(sender, self.mac(port), 0x0800),
                ipv4.ipv4(proto=1, src=str(self.addresses[port].ip), dst=header.src))

    def answer_ping(self, port, frame, header):
        request = frame.get_protocol(icmp.icmp)
        if request and request.type == icmp.ICMP_ECHO_REQUEST:
            self.send(port, *self.back(port, frame, header), icmp.icmp(icmp.ICMP_ECHO_REPLY, 0, data=request.data))

    def send_time_exceeded(self, port, frame, header):
        begin = len(frame.data) - header.total_length
        quoted = bytes(frame.data[begin:begin + 28])
        self.send(port, *self.back(port, frame, header),
                  icmp.icmp(icmp.ICMP_TIME_EXCEEDED, icmp.ICMP_TTL_EXPIRED_CODE, data=icmp.TimeExceeded(data=quoted)))
