#include <algorithm>
#include <array>

#include "utilities/vsctl/command.h"

namespace weft::vsctl {
namespace {
constexpr size_t any = SIZE_MAX;
}  // namespace

std::span<const CommandSpec> command_table() {
  static const std::array table{
      CommandSpec{"init", "", 0, 0, {}, init, "nothing to do here; kept for scripts"},
      CommandSpec{"show", "", 0, 0, {}, show, "print an overview of bridges and ports"},
      CommandSpec{"add-br", "BRIDGE", 1, 1, {"--may-exist"}, add_br, "create a bridge"},
      CommandSpec{"del-br", "BRIDGE", 1, 1, {"--if-exists"}, del_br, "delete a bridge and its ports"},
      CommandSpec{"list-br", "", 0, 0, {}, list_br, "print the names of the bridges"},
      CommandSpec{"br-exists", "BRIDGE", 1, 1, {}, br_exists, "exit with 0 if the bridge exists, with 2 if not"},
      CommandSpec{"br-to-vlan", "BRIDGE", 1, 1, {}, br_to_vlan, "print 0: bridges are never VLANs of another"},
      CommandSpec{"br-to-parent", "BRIDGE", 1, 1, {}, br_to_parent, "print the bridge itself"},
      CommandSpec{"br-set-external-id",
                  "BRIDGE KEY [VALUE]",
                  2,
                  3,
                  {},
                  br_set_external_id,
                  "set or clear a key of external_ids"},
      CommandSpec{"br-get-external-id", "BRIDGE [KEY]", 1, 2, {}, br_get_external_id, "print external_ids"},
      CommandSpec{"list-ports", "BRIDGE", 1, 1, {}, list_ports, "print the names of the bridge's ports"},
      CommandSpec{"add-port",
                  "BRIDGE PORT [COLUMN[:KEY]=VALUE]...",
                  2,
                  any,
                  {"--may-exist"},
                  add_port,
                  "attach a device or tunnel to a bridge"},
      CommandSpec{"del-port", "[BRIDGE] PORT", 1, 2, {"--if-exists", "--with-iface"}, del_port, "detach a port"},
      CommandSpec{"port-to-br", "PORT", 1, 1, {}, port_to_br, "print the bridge that has the port"},
      CommandSpec{"list-ifaces", "BRIDGE", 1, 1, {}, list_ifaces, "print the names of the bridge's interfaces"},
      CommandSpec{"iface-to-br", "INTERFACE", 1, 1, {}, port_to_br, "print the bridge that has the interface"},
      CommandSpec{"get-controller", "BRIDGE", 1, 1, {}, get_controller, "print the bridge's controllers"},
      CommandSpec{"del-controller", "BRIDGE", 1, 1, {}, del_controller, "delete the bridge's controllers"},
      CommandSpec{"set-controller", "BRIDGE TARGET...", 2, any, {}, set_controller, "set the bridge's controllers"},
      CommandSpec{"get-ssl", "", 0, 0, {}, get_ssl, "print the files of TLS connections"},
      CommandSpec{"del-ssl", "", 0, 0, {}, del_ssl, "forget them: no ssl: or pssl: controller connects"},
      CommandSpec{"set-ssl",
                  "PRIVATE-KEY CERTIFICATE CA-CERTIFICATE",
                  3,
                  3,
                  {"--bootstrap"},
                  set_ssl,
                  "set them; --bootstrap takes the last from the first peer"},
      CommandSpec{"add-segment",
                  "NAME",
                  1,
                  1,
                  {"--bridge=BRIDGE", "--vni=N", "--encap=ENCAP", "--mode=MODE", "--group=ADDRESS",
                   "--vtep=ADDRESS,...", "--description=TEXT", "--mtu=BYTES", "--may-exist"},
                  add_segment,
                  "create a segment: a layer-2 network over tunnels",
                  true},
      CommandSpec{"del-segment",
                  "SEGMENT",
                  1,
                  1,
                  {"--if-exists", "--force"},
                  del_segment,
                  "delete a segment; --force: also one that has ports",
                  true},
      CommandSpec{"list-segments", "[BRIDGE]", 0, 1, {}, list_segments, "print the names of the segments"},
      CommandSpec{"show-segment",
                  "SEGMENT",
                  1,
                  1,
                  {},
                  show_segment,
                  "print what a segment is, its ports, and its remotes with their MTU"},
      CommandSpec{"set-port-segment",
                  "PORT [SEGMENT]",
                  1,
                  2,
                  {},
                  set_port_segment,
                  "make a port an access port of a segment, or of none"},
      CommandSpec{"add-segment-vtep", "SEGMENT ADDRESS...", 2, any, {}, add_segment_vtep, "add to a segment's list"},
      CommandSpec{"del-segment-vtep", "SEGMENT ADDRESS...", 2, any, {}, del_segment_vtep, "take from a segment's list"},
      CommandSpec{"get-fail-mode", "BRIDGE", 1, 1, {}, get_fail_mode, "print the fail mode"},
      CommandSpec{"del-fail-mode", "BRIDGE", 1, 1, {}, del_fail_mode, "back to the default fail mode"},
      CommandSpec{
          "set-fail-mode", "BRIDGE standalone|secure", 2, 2, {}, set_fail_mode, "what to do without a controller"},
      CommandSpec{"list", "TABLE [RECORD]...", 1, any, {"--columns=LIST", "--if-exists"}, record_list, "print records"},
      CommandSpec{"find",
                  "TABLE [COLUMN[:KEY]=VALUE]...",
                  1,
                  any,
                  {"--columns=LIST"},
                  record_find,
                  "print the records that match"},
      CommandSpec{
          "get", "TABLE RECORD [COLUMN[:KEY]]...", 2, any, {"--if-exists", "--id=@NAME"}, record_get, "print values"},
      CommandSpec{"set", "TABLE RECORD COLUMN[:KEY]=VALUE...", 3, any, {"--if-exists"}, record_set, "set values"},
      CommandSpec{
          "add", "TABLE RECORD COLUMN [KEY=]VALUE...", 4, any, {"--if-exists"}, record_add, "add to a set or map"},
      CommandSpec{"remove",
                  "TABLE RECORD COLUMN KEY|VALUE|KEY=VALUE...",
                  4,
                  any,
                  {"--if-exists"},
                  record_remove,
                  "remove from a set or map"},
      CommandSpec{"clear", "TABLE RECORD COLUMN...", 3, any, {"--if-exists"}, record_clear, "empty a column"},
      CommandSpec{"create", "TABLE COLUMN[:KEY]=VALUE...", 1, any, {"--id=@NAME"}, record_create, "create a record"},
      CommandSpec{"wait-until",
                  "TABLE RECORD [COLUMN[:KEY]=VALUE]...",
                  2,
                  any,
                  {},
                  record_wait_until,
                  "wait until the record is there and matches"},
      CommandSpec{"comment", "WORD...", 0, any, {}, comment, "a note in the switch's log"},
      CommandSpec{"destroy", "TABLE RECORD...", 1, any, {"--if-exists", "--all"}, record_destroy, "delete records"},
  };
  return table;
}

const CommandSpec* find_command(std::string_view name) {
  const auto all = command_table();
  const auto it = std::ranges::find(all, name, &CommandSpec::name);
  return it == all.end() ? nullptr : &*it;
}

}  // namespace weft::vsctl
