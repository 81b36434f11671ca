"""The commands of stock ovs-ofctl, what each must print, and in which versions of OpenFlow it exists.

They run in this order on one switch with the guests' ports 1 (p1) and 2 (p2).
"""

from dataclasses import dataclass

ALL = ("10", "13", "14", "15")
FROM_13 = ALL[1:]
FROM_14 = ALL[2:]
BEFORE_13 = ("10",)
BEFORE_14 = ("10", "13")
ONLY_13 = ("13",)
ONLY_15 = ("15",)
NUMBERED = ("10", "15")  # buckets have numbers: in 1.0 groups are an extension, in the form of 1.5

FRAME = "020000000099" + "020000000001" + "88b5" + b"from a controller".ljust(50, b".").hex()

# Files that commands read: "@many" among the words of a command is the path of the first one.
FILES = {
    "many": [f"table={i % 4},priority=7,ip,nw_src=10.1.{i // 256}.{i % 256},actions=output:{1 + i % 2}"
             for i in range(500)],
    "two": ["in_port=1,actions=output:2", "in_port=2,actions=output:1"],
    "bad_end": ["priority=5,in_port=1,actions=output:2", "check_overlap,priority=5,ip,actions=output:1"],
    "mixed": ["add in_port=1,actions=output:2", "modify in_port=2,actions=drop", "delete_strict in_port=1"],
    "groups": ["group_id=21,type=all,bucket=output:1", "group_id=22,type=ff,bucket=watch_port:1,output:1"],
    "flow_before_group": ["flow add in_port=1,actions=group:9", "group add group_id=9,type=all,bucket=output:2"],
    "group_before_flow": ["group add group_id=9,type=all,bucket=output:2", "flow add in_port=1,actions=group:9"],
}


@dataclass
class Command:
    command: str
    words: tuple
    versions: tuple = ALL
    shows: str = ""  # a regular expression
    hides: str = ""
    error: str = ""  # it is refused with this
    status: int = 0

    def __str__(self):
        return " ".join((self.command, *self.words))


def works(command, *words, **expected):
    return Command(command, words, **expected)


def fails(command, *words, error, **expected):
    return Command(command, words, error=error, **expected)


CONNECTION = [
    works("show", shows=r"dpid:[0-9a-f]{16}(.|\n)*1\(p1\): addr:(.|\n)*LOCAL\(br0\)"),
    works("probe"),
    works("ping", shows=r"bytes from"),
    works("ping", "60000", shows=r"60000 bytes from"),
    works("benchmark", "1000", "100", shows=r"100 packets \* 1008 bytes"),
    works("dump-desc", shows=r"Manufacturer: weft"),
    works("get-frags", shows=r"normal"),
    works("set-frags", "normal"),
    works("set-frags", "nx-match"),
    works("get-frags", shows=r"nx-match"),
    works("set-frags", "drop"),
    works("get-frags", shows=r"drop"),
    works("set-frags", "normal"),
    fails("set-frags", "reassemble", error=r"OFPSCFC_BAD_FLAGS|OFPT_ERROR"),
    fails("ct-flush", error=r"OFPBRC_BAD_SUBTYPE"),
    fails("ct-flush-zone", "5", error=r"OFPBRC_BAD_SUBTYPE"),
    fails("dump-ipfix-bridge", error=r"OFPBRC_BAD_SUBTYPE"),
]

TABLES = [
    works("dump-tables", shows=r"table 0( \(\"table0\"\))?:\n +active=0"),
    works("dump-table-features", shows=r"table 0 \(\"table0\"\):(.|\n)*set_field", versions=FROM_13),
    works("dump-table-desc", shows=r"table 253:\n +eviction=off(.|\n)*vacancy=off", versions=FROM_14),
    works("mod-table", "1", "evict", versions=FROM_14),
    works("dump-table-desc", shows=r"table 1:\n +eviction=on", versions=FROM_14),
    works("mod-table", "1", "vacancy:20,80", versions=FROM_14),
    works("dump-table-desc", versions=FROM_14,
          shows=r"table 1:\n +eviction=on.*\n +vacancy=on vacancy_down=20% vacancy_up=80% vacancy=100%"),
    works("mod-table", "1", "novacancy", versions=FROM_14),
    works("mod-table", "1", "noevict", versions=FROM_14),
    works("mod-table", "all", "evict", versions=FROM_14),
    works("dump-table-desc", hides=r"eviction=off", versions=FROM_14),
    works("mod-table", "all", "noevict", versions=FROM_14),
    works("dump-table-desc", hides=r"eviction=on|vacancy=on", versions=FROM_14),
    works("mod-table", "1", "name:acl", versions=FROM_13),
    works("dump-table-features", shows=r"table 1 \(\"acl\"\)", versions=FROM_13),
    works("dump-flows", "table=acl", versions=FROM_13),
    works("mod-table", "acl", "name:table1", versions=FROM_13),
    works("dump-table-features", hides=r"\"acl\"", versions=FROM_13),
    fails("mod-table", "1", "evict", error=r"requires one of the OpenFlow versions", versions=BEFORE_14),
]

PORTS = [
    works("dump-ports", shows=r"3 ports\n(.|\n)*port +LOCAL: rx pkts="),
    works("dump-ports", "1", shows=r"1 ports\n"),
    works("dump-ports", "p1", shows=r"1 ports\n"),
    fails("dump-ports", "77", error=r"OFPBRC_BAD_PORT|NXBRC_UNENCODABLE_ERROR"),
    works("dump-ports-desc", shows=r"1\(p1\)(.|\n)*2\(p2\)"),
    works("dump-ports-desc", "1", shows=r"1\(p1\)"),
    works("dump-ports-desc", "1", hides=r"2\(p2\)", versions=ONLY_15),
    works("mod-port", "1", "no-forward"),
    works("dump-ports-desc", shows=r"1\(p1\).*\n +config: +NO_FWD"),
    works("mod-port", "1", "forward"),
    works("mod-port", "p1", "no-receive"),
    works("mod-port", "p1", "no-packet-in"),
    works("dump-ports-desc", shows=r"1\(p1\).*\n +config: +NO_RECV NO_PACKET_IN\n"),
    works("mod-port", "p1", "receive"),
    works("mod-port", "p1", "packet-in"),
    works("mod-port", "1", "no-flood", versions=BEFORE_13),
    works("dump-ports-desc", shows=r"NO_FLOOD", versions=BEFORE_13),
    works("mod-port", "1", "flood", versions=BEFORE_13),
    works("mod-port", "1", "no-stp"),
    works("mod-port", "1", "down"),
    works("dump-ports-desc", shows=r"1\(p1\).*\n +config: +PORT_DOWN\n"),
    works("dump-ports-desc", hides=r"config: +PORT_DOWN\n.*LIVE"),
    works("mod-port", "1", "up"),
    works("dump-ports-desc", shows=r"1\(p1\).*\n +config: +0\n"),
    fails("mod-port", "77", "down", error=r"couldn't find port"),
]

FLOWS = [
    works("add-flow", "table=1,priority=9,cookie=5,tcp,nw_dst=10.0.0.0/8,tp_dst=80,actions=dec_ttl,output:2"),
    works("dump-flows", "table=1", shows=r"cookie=0x5, (.|\n)*tcp,nw_dst=10.0.0.0/8,tp_dst=80 actions=dec_ttl,output:2"),
    works("dump-flows", "table=1", shows=r"idle_age=", versions=("10", "15")),
    works("add-flow", "table=1,priority=10,importance=7,udp,actions=drop", versions=FROM_14),
    works("dump-flows", "table=1,udp", shows=r"importance=7, .*actions=drop", versions=FROM_14),
    works("add-flow", "table=1,priority=9,ipv6,actions=set_field:2001:db8::/ffff:ffff::->ipv6_dst,output:2"),
    works("dump-flows", "table=1,ipv6", shows=r"set_field:2001:db8::/32->ipv6_dst", versions=ONLY_15),
    works("--strict mod-flows", "cookie=5/-1,table=1,priority=9,tcp,nw_dst=10.0.0.0/8,tp_dst=80,actions=output:1"),
    works("dump-flows", "table=1,tcp", shows=r"tp_dst=80 actions=output:1"),
    works("--strict del-flows", "table=1,priority=8,tcp,nw_dst=10.0.0.0/8,tp_dst=80"),
    works("dump-flows", "table=1,tcp", shows=r"tp_dst=80"),
    works("dump-flows", "cookie=5/-1,table=1", shows=r"tp_dst=80"),
    works("dump-flows", "cookie=5/-1,table=1", hides=r"ipv6"),
    works("dump-flows", "table=1,out_port=2", hides=r"tp_dst=80"),
    works("del-flows", "cookie=5/-1"),
    works("dump-flows", "table=1", hides=r"tp_dst=80"),
    fails("add-flow", "in_port=1,actions=group:99", error=r"OFPBAC_BAD_OUT_GROUP|NXBRC_UNENCODABLE_ERROR"),
    works("add-flow", "priority=5,in_port=1,actions=output:2"),
    fails("add-flow", "check_overlap,priority=5,ip,actions=output:2", error=r"OFPFMFC_OVERLAP"),
    works("del-flows"),
    works("dump-flows", hides=r"actions="),
    works("add-flows", "@many"),
    works("dump-aggregate", shows=r"flow_count=500"),
    works("dump-aggregate", "table=2", shows=r"flow_count=125"),
    works("mod-flows", "table=0,actions=output:2,output:1"),
    works("dump-flows", "table=0", shows=r"actions=output:2,output:1"),
    works("diff-flows", "@many", shows=r"-.*actions=output:2,output:1", status=2),
    works("replace-flows", "@many", versions=FROM_13),
    works("diff-flows", "@many", hides=r"actions=", versions=FROM_13),
    works("del-flows", "ip,nw_src=10.1.0.0/24"),
    works("dump-aggregate", shows=r"flow_count=244"),
    works("replace-flows", "@two"),
    works("diff-flows", "@two", hides=r"actions="),
    works("del-flows"),
    works("dump-aggregate", shows=r"packet_count=0 byte_count=0 flow_count=0"),
]

BUNDLES = [
    works("--bundle add-flows", "@two"),
    works("dump-aggregate", shows=r"flow_count=2"),
    fails("--bundle add-flows", "@bad_end", error=r"OFPFMFC_OVERLAP(.|\n)*OFPBFC_MSG_FAILED"),
    works("diff-flows", "@two", hides=r"actions="),
    works("--bundle add-flows", "@mixed"),
    works("dump-flows", shows=r"in_port=2 actions=drop"),
    works("dump-flows", hides=r"in_port=1"),
    works("--bundle replace-flows", "@two"),
    works("diff-flows", "@two", hides=r"actions="),
    works("--bundle mod-flows", "in_port=1,actions=drop"),
    works("dump-flows", shows=r"in_port=1 actions=drop"),
    fails("bundle", "@flow_before_group", error=r"OFPBAC_BAD_OUT_GROUP(.|\n)*OFPBFC_MSG_FAILED"),
    works("dump-flows", shows=r"in_port=1 actions=drop"),
    works("bundle", "@group_before_flow"),
    works("dump-flows", shows=r"in_port=1 actions=group:9"),
    works("--bundle del-groups", "group_id=9"),
    works("--bundle del-flows"),
    works("dump-flows", hides=r"actions="),
]

GROUPS = [
    works("add-group", "group_id=7,type=all,bucket=output:2,bucket=output:1"),
    fails("add-group", "group_id=7,type=all,bucket=output:2", error=r"OFPGMFC_GROUP_EXISTS"),
    works("add-group", "group_id=8,type=indirect,bucket=output:2"),
    works("add-groups", "@groups"),
    works("dump-groups", shows=r"group_id=7,type=all(.|\n)*group_id=8,type=indirect"),
    works("dump-groups", shows=r"group_id=22,type=ff,bucket=(bucket_id:0,)?watch_port:1,actions=output:1"),
    works("dump-groups", "7", shows=r"group_id=7,type=all"),
    works("dump-groups", "7", hides=r"group_id=8", versions=NUMBERED),
    works("mod-group", "group_id=7,type=indirect,bucket=output:1"),
    works("dump-groups", shows=r"group_id=7,type=indirect"),
    fails("mod-group", "group_id=70,type=all,bucket=output:1", error=r"OFPGMFC_UNKNOWN_GROUP"),
    works("--may-create mod-group", "group_id=70,type=all,bucket=output:1"),
    works("dump-groups", shows=r"group_id=70"),
    works("add-flow", "in_port=1,actions=group:7"),
    works("dump-group-stats", "group_id=7",
          shows=r"group_id=7,duration=.*ref_count=1,packet_count=0,byte_count=0,bucket0:"),
    works("dump-group-features", shows=r"Group table:\n +Types: +0xf"),
    works("del-groups", "group_id=7"),
    works("dump-groups", hides=r"group_id=7,"),
    works("dump-flows", hides=r"actions=group"),
    works("del-groups"),
    works("dump-groups", hides=r"group_id="),
]

BUCKETS = [
    works("add-group", "group_id=1,type=select,bucket=bucket_id:1,weight:2,actions=output:1", versions=NUMBERED),
    works("insert-buckets", "group_id=1,command_bucket_id=last,bucket=bucket_id:2,weight:3,actions=output:2",
          versions=NUMBERED),
    works("insert-buckets", "group_id=1,command_bucket_id=first,bucket=bucket_id:3,weight:4,actions=output:2",
          versions=NUMBERED),
    works("insert-buckets", "group_id=1,command_bucket_id=1,bucket=bucket_id:4,weight:5,actions=output:2",
          versions=NUMBERED),
    works("dump-groups", shows=r"bucket_id:3,(.*)bucket_id:1,(.*)bucket_id:4,(.*)bucket_id:2,", versions=NUMBERED),
    fails("insert-buckets", "group_id=1,command_bucket_id=77,bucket=bucket_id:7,weight:1,actions=output:1",
          error=r"OFPGMFC_UNKNOWN_BUCKET", versions=NUMBERED),
    fails("insert-buckets", "group_id=1,command_bucket_id=last,bucket=bucket_id:1,weight:1,actions=output:1",
          error=r"OFPGMFC_BUCKET_EXISTS", versions=NUMBERED),
    works("remove-buckets", "group_id=1,command_bucket_id=1", versions=NUMBERED),
    works("dump-groups", hides=r"bucket_id:1,", versions=NUMBERED),
    fails("remove-buckets", "group_id=1,command_bucket_id=1", error=r"OFPGMFC_UNKNOWN_BUCKET", versions=NUMBERED),
    works("remove-buckets", "group_id=1,command_bucket_id=first", versions=NUMBERED),
    works("dump-groups", hides=r"bucket_id:3,", versions=NUMBERED),
    works("remove-buckets", "group_id=1,command_bucket_id=all", versions=NUMBERED),
    works("dump-groups", shows=r"group_id=1,type=select\n", versions=NUMBERED),
    works("del-groups", versions=NUMBERED),
    fails("insert-buckets", "group_id=1,command_bucket_id=last,bucket=bucket_id:2,actions=output:2",
          error=r"needs OpenFlow 1.5", versions=("13", "14")),
]

METERS = [
    works("meter-features", shows=r"max_meter:262144 max_bands:8(.|\n)*drop(.|\n)*kbps pktps burst stats",
          versions=FROM_13),
    works("add-meter", "meter=1,pktps,burst,stats,band=type=drop,rate=10,burst_size=5", versions=FROM_13),
    works("add-meter", "meter=2,kbps,band=type=drop,rate=1000", versions=FROM_13),
    fails("add-meter", "meter=1,pktps,band=type=drop,rate=10", error=r"OFPMMFC_METER_EXISTS", versions=FROM_13),
    works("dump-meters", shows=r"meter=1 pktps burst stats bands=\ntype=drop rate=10 burst_size=5(.|\n)*meter=2 kbps",
          versions=FROM_13),
    works("mod-meter", "meter=1,kbps,band=type=drop,rate=99", versions=FROM_13),
    works("dump-meters", "meter=1", shows=r"meter=1 kbps bands=\ntype=drop rate=99", versions=FROM_13),
    works("dump-meters", "meter=1", hides=r"meter=2", versions=FROM_13),
    fails("mod-meter", "meter=9,kbps,band=type=drop,rate=99", error=r"OFPMMFC_UNKNOWN_METER", versions=FROM_13),
    works("add-flow", "in_port=1,actions=meter:1,output:2", versions=FROM_13),
    works("dump-flows", shows=r"actions=meter:1,output:2", versions=FROM_13),
    works("meter-stats", "meter=1", shows=r"meter:1 flow_count:1 packet_in_count:0 byte_in_count:0(.|\n)*0: packet_count:0",
          versions=FROM_13),
    fails("meter-stats", "meter=9", error=r"OFPMMFC_UNKNOWN_METER", versions=FROM_13),
    fails("add-flow", "in_port=1,actions=meter:9,output:2", error=r"OFPMMFC_INVALID_METER|OFPBAC_BAD_METER",
          versions=FROM_13),
    works("del-meters", "meter=1", versions=FROM_13),
    works("dump-meters", hides=r"meter=1", versions=FROM_13),
    works("dump-flows", hides=r"actions="),
    works("del-meters", versions=FROM_13),
    works("dump-meters", hides=r"meter=", versions=FROM_13),
]

QUEUES = [
    works("queue-stats", shows=r"0 queues"),
    works("queue-stats", "1", shows=r"0 queues"),
    fails("queue-stats", "77", error=r"OFPQOFC_BAD_PORT"),
    fails("queue-stats", "1", "5", error=r"OFPQOFC_BAD_QUEUE"),
    works("queue-get-config", "1", shows=r"QUEUE_(DESC|GET_CONFIG)|^$"),
    works("queue-get-config", shows=r"QUEUE_(DESC|GET_CONFIG)"),
    fails("queue-get-config", "77", error=r"OFPQOFC_BAD_PORT"),
    fails("queue-get-config", "1", "5", error=r"OFPQOFC_BAD_QUEUE", versions=FROM_14),
    fails("queue-stats", "ANY", "5", error=r"OFPQOFC_BAD_QUEUE"),
]

TUNNEL_OPTIONS = [
    works("add-tlv-map", "{class=0xffff,type=0x80,len=4}->tun_metadata3"),
    works("dump-tlv-map", shows=r"0xffff +0x80 +4 +tun_metadata3"),
    fails("add-tlv-map", "{class=0xffff,type=0x81,len=4}->tun_metadata3", error=r"NXTTMFC_ALREADY_MAPPED"),
    works("del-tlv-map", "{class=0xffff,type=0x80,len=4}->tun_metadata3"),
    works("dump-tlv-map", hides=r"tun_metadata3"),
    works("add-tlv-map", "{class=0xffff,type=0x80,len=4}->tun_metadata3"),
    works("del-tlv-map"),
    works("dump-tlv-map", hides=r"tun_metadata3"),
]

PACKETS = [
    works("packet-out", f"in_port=CONTROLLER packet={FRAME} actions=output:2"),
    fails("packet-out", f"in_port=77 packet={FRAME} actions=output:2", error=r"OFPBRC_BAD_PORT|OFPT_ERROR"),
]

COMMANDS = [*CONNECTION, *TABLES, *PORTS, *FLOWS, *BUNDLES, *GROUPS, *BUCKETS, *METERS, *QUEUES, *TUNNEL_OPTIONS, *PACKETS]
