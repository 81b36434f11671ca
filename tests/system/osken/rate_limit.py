"""An os-ken application that limits what port 1 sends to ten packets a second, as its users write their first one.

    osken-manager --ofp-tcp-listen-port 6653 rate_limit.py
"""

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, set_ev_cls
from os_ken.ofproto import ofproto_v1_3


class RateLimit(app_manager.OSKenApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def on_features(self, event):
        datapath = event.msg.datapath
        parser, ofproto = datapath.ofproto_parser, datapath.ofproto
        datapath.send_msg(parser.OFPMeterMod(
            datapath=datapath, command=ofproto.OFPMC_ADD, flags=ofproto.OFPMF_PKTPS | ofproto.OFPMF_BURST, meter_id=1,
            bands=[parser.OFPMeterBandDrop(rate=10, burst_size=20)]))
        for in_port, out_port, meter in ((1, 2, True), (2, 1, False)):
            instructions = [parser.OFPInstructionActions(
                ofproto.OFPIT_APPLY_ACTIONS, [parser.OFPActionOutput(out_port)])]
            if meter:
                instructions.insert(0, parser.OFPInstructionMeter(meter_id=1))
            datapath.send_msg(parser.OFPFlowMod(
                datapath=datapath, priority=1, match=parser.OFPMatch(in_port=in_port), instructions=instructions))
        datapath.send_msg(parser.OFPBarrierRequest(datapath))
