"""Flows, groups and meters over HTTP, carried out with os-ken's own library of requests (os_ken.lib.ofctl_v1_3).

    PYTHONPATH=. osken-manager --ofp-tcp-listen-port 6653 rest.py

POST /flow/add, /flow/delete, /group/add, /group/modify, /meter/add ... with what that library takes, as JSON: the answer
lists the errors of the switch, after a barrier. GET /flow, /group, /meter, /port: statistics. GET /ready: is there a
switch? One switch is enough.
"""

import json

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import DEAD_DISPATCHER, HANDSHAKE_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.lib import hub, ofctl_utils
from os_ken.lib import ofctl_v1_3 as ofctl
from os_ken.ofproto import ofproto_v1_3

HTTP_PORT = 8080


class Rest(app_manager.OSKenApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.datapath = None
        self.waiters = {}
        self.errors = []
        hub.spawn(hub.WSGIServer(("127.0.0.1", HTTP_PORT), self.handle).serve_forever)

    def handle(self, environment, start_response):
        length = int(environment.get("CONTENT_LENGTH") or 0)
        body = json.loads(environment["wsgi.input"].read(length)) if length else {}
        words = environment["PATH_INFO"].strip("/").split("/")
        answer = self.answer(words, body)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    def answer(self, words, body):
        if words == ["ready"]:
            return self.datapath is not None
        return self.change(*words, body) if len(words) == 2 else self.statistics(*words)

    def statistics(self, kind):
        ask = {"flow": ofctl.get_flow_stats, "group": ofctl.get_group_stats, "meter": ofctl.get_meter_stats,
               "port": ofctl.get_port_stats}[kind]
        return ask(self.datapath, self.waiters)[str(self.datapath.id)]

    def change(self, kind, command, body):
        names, carry_out = {"flow": ("OFPFC_{}", ofctl.mod_flow_entry), "group": ("OFPGC_{}", ofctl.mod_group_entry),
                            "meter": ("OFPMC_{}", ofctl.mod_meter_entry)}[kind]
        carry_out(self.datapath, body, getattr(ofproto_v1_3, names.format(command.upper())))
        return self.barrier()

    def barrier(self):
        """The errors of what was asked before."""
        request = self.datapath.ofproto_parser.OFPBarrierRequest(self.datapath)
        ofctl_utils.send_stats_request(self.datapath, request, self.waiters, [])
        errors, self.errors = self.errors, []
        return errors

    @set_ev_cls(ofp_event.EventOFPStateChange, [MAIN_DISPATCHER, DEAD_DISPATCHER])
    def on_state(self, event):
        self.datapath = event.datapath if event.state == MAIN_DISPATCHER else None
        if self.datapath:
            self.on_connected(self.datapath)

    def on_connected(self, datapath):
        """For applications that have something to set up."""

    @set_ev_cls(ofp_event.EventOFPErrorMsg, [HANDSHAKE_DISPATCHER, MAIN_DISPATCHER])
    def on_error(self, event):
        self.errors.append({"type": event.msg.type, "code": event.msg.code})

    @set_ev_cls([ofp_event.EventOFPFlowStatsReply, ofp_event.EventOFPGroupStatsReply, ofp_event.EventOFPMeterStatsReply,
                 ofp_event.EventOFPPortStatsReply, ofp_event.EventOFPBarrierReply], MAIN_DISPATCHER)
    def on_reply(self, event):
        message = event.msg
        waiting = self.waiters.get(message.datapath.id, {})
        if message.xid not in waiting:
            return
        lock, messages = waiting[message.xid]
        messages.append(message)
        if not getattr(message, "flags", 0) & ofproto_v1_3.OFPMPF_REPLY_MORE:
            del waiting[message.xid]
            lock.set()
