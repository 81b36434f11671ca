"""An OpenFlow 1.3 controller for logical networks over VXLAN, small enough to read in one go.

It runs under os-ken (osken-manager overlay_controller.py). The file that WEFT_NETWORK names says, for each switch
(by datapath id), its tunnel address, its tunnel port, and which port is in which network:

    {"1": {"vtep": "192.0.2.1", "tunnel": "vx0", "ports": {"vm1a": 5001}}, ...}

Three tables in every switch:

    0  network   a machine's port gives its packets the network's VNI; the tunnel port's packets bring theirs
    1  learn     a source address at a known port goes on; an unknown one goes on too, and to the controller
    2  forward   a known destination goes to its port or its host; the rest goes to everyone in the network

Everything is looked up together with the VNI, so two networks may use the same addresses.
"""

import json
import os

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, DEAD_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.lib.packet import ethernet, packet
from os_ken.ofproto import ofproto_v1_3

NETWORK, LEARN, FORWARD = 0, 1, 2
BROADCAST = "ff:ff:ff:ff:ff:ff"


class OverlayController(app_manager.OSKenApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        with open(os.environ["WEFT_NETWORK"], encoding="utf-8") as file:
            self.switches = {int(dpid): switch for dpid, switch in json.load(file).items()}
        self.connected = {}  # dpid -> datapath
        self.numbers = {}  # dpid -> port name -> port number
        self.machines = {}  # (vni, MAC) -> (dpid, port name)

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def on_features(self, event):
        datapath = event.msg.datapath
        if datapath.id not in self.switches:
            self.logger.warning("switch %016x is not in the network's description", datapath.id)
            return
        datapath.send_msg(datapath.ofproto_parser.OFPPortDescStatsRequest(datapath, 0))

    @set_ev_cls(ofp_event.EventOFPPortDescStatsReply, [CONFIG_DISPATCHER, MAIN_DISPATCHER])
    def on_ports(self, event):
        datapath = event.msg.datapath
        self.numbers[datapath.id] = {port.name.decode(): port.port_no for port in event.msg.body}
        self.connected[datapath.id] = datapath
        self.add_first_flows(datapath)
        for (vni, mac), (dpid, port) in self.machines.items():
            self.add_destination(datapath, vni, mac, dpid, port)
        self.logger.info("switch %d is ready", datapath.id)

    @set_ev_cls(ofp_event.EventOFPStateChange, DEAD_DISPATCHER)
    def on_disconnect(self, event):
        self.connected.pop(event.datapath.id, None)

    def add_first_flows(self, datapath):
        """The flows that are there before the first packet."""
        parser, ofproto = datapath.ofproto_parser, datapath.ofproto
        switch = self.switches[datapath.id]
        goto_learn = parser.OFPInstructionGotoTable(LEARN)
        for name, vni in switch["ports"].items():
            set_vni = self.apply(datapath, [parser.OFPActionSetField(tunnel_id=vni)])
            self.add_flow(datapath, NETWORK, 10, {"in_port": self.number(datapath.id, name)}, [set_vni, goto_learn])
        tunnel = self.number(datapath.id, switch["tunnel"])
        goto_forward = parser.OFPInstructionGotoTable(FORWARD)
        self.add_flow(datapath, NETWORK, 10, {"in_port": tunnel}, [goto_forward])
        to_controller = parser.OFPActionOutput(ofproto.OFPP_CONTROLLER, ofproto.OFPCML_NO_BUFFER)
        self.add_flow(datapath, LEARN, 0, {}, [self.apply(datapath, [to_controller]), goto_forward])
        for vni in sorted(set(switch["ports"].values())):
            self.add_everyone(datapath, vni)

    def add_everyone(self, datapath, vni):
        """A group with all of the network's ports and hosts, for broadcast and for what is not known yet.

        A switch never sends a packet back to the port that it came from, so what the tunnel brings goes to machines
        only, and comes to no host twice.
        """
        parser, ofproto = datapath.ofproto_parser, datapath.ofproto
        buckets = [self.to(datapath, dpid, name)
                   for dpid, switch in self.switches.items()
                   for name, of_vni in switch["ports"].items() if of_vni == vni]
        buckets = [parser.OFPBucket(actions=actions) for actions in buckets]
        for command in (ofproto.OFPGC_DELETE, ofproto.OFPGC_ADD):
            members = buckets if command == ofproto.OFPGC_ADD else []
            datapath.send_msg(parser.OFPGroupMod(datapath, command, ofproto.OFPGT_ALL, vni, members))
        instructions = [self.apply(datapath, [parser.OFPActionGroup(vni)])]
        self.add_flow(datapath, FORWARD, 0, {"tunnel_id": vni}, instructions)
        self.add_flow(datapath, FORWARD, 10, {"tunnel_id": vni, "eth_dst": BROADCAST}, instructions)

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def on_packet(self, event):
        """An address that was not seen at this port before: tell every switch where it is.

        The packet itself has gone on already.
        """
        message = event.msg
        datapath, in_port = message.datapath, message.match["in_port"]
        name = next((name for name, number in self.numbers[datapath.id].items() if number == in_port), None)
        vni = self.switches[datapath.id]["ports"].get(name)
        header = packet.Packet(message.data).get_protocol(ethernet.ethernet)
        if vni is None or header is None or int(header.src[:2], 16) & 1:
            return
        self.logger.info("VNI %d: %s is at %s of switch %d", vni, header.src, name, datapath.id)
        self.forget(vni, header.src)
        self.machines[(vni, header.src)] = (datapath.id, name)
        for other in self.connected.values():
            self.add_destination(other, vni, header.src, datapath.id, name)
        known = {"in_port": in_port, "tunnel_id": vni, "eth_src": header.src}
        goto_forward = datapath.ofproto_parser.OFPInstructionGotoTable(FORWARD)
        self.add_flow(datapath, LEARN, 10, known, [goto_forward])

    def forget(self, vni, mac):
        """A machine that moved is to be learned anew should it come back."""
        dpid, _ = self.machines.get((vni, mac), (None, None))
        if dpid in self.connected:
            datapath = self.connected[dpid]
            parser, ofproto = datapath.ofproto_parser, datapath.ofproto
            datapath.send_msg(parser.OFPFlowMod(
                datapath, table_id=LEARN, command=ofproto.OFPFC_DELETE, out_port=ofproto.OFPP_ANY,
                out_group=ofproto.OFPG_ANY, match=parser.OFPMatch(tunnel_id=vni, eth_src=mac)))

    def add_destination(self, datapath, vni, mac, dpid, name):
        actions = self.to(datapath, dpid, name)
        self.add_flow(datapath, FORWARD, 10, {"tunnel_id": vni, "eth_dst": mac}, [self.apply(datapath, actions)])

    def to(self, datapath, dpid, name):
        """The actions that bring a packet from a switch to a port, there or on another host."""
        parser = datapath.ofproto_parser
        if dpid == datapath.id:
            return [parser.OFPActionOutput(self.number(dpid, name))]
        tunnel = self.number(datapath.id, self.switches[datapath.id]["tunnel"])
        return [parser.OFPActionSetField(tun_ipv4_dst=self.switches[dpid]["vtep"]), parser.OFPActionOutput(tunnel)]

    def number(self, dpid, name):
        return self.numbers[dpid][name]

    @staticmethod
    def apply(datapath, actions):
        return datapath.ofproto_parser.OFPInstructionActions(datapath.ofproto.OFPIT_APPLY_ACTIONS, actions)

    @staticmethod
    def add_flow(datapath, table, priority, match, instructions):
        parser = datapath.ofproto_parser
        datapath.send_msg(parser.OFPFlowMod(
            datapath, table_id=table, priority=priority, match=parser.OFPMatch(**match), instructions=instructions))
