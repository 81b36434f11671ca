// TlvTable: which Geneve options are which tun_metadata fields, as controllers map them (NXT_TLV_TABLE_MOD).
//
// The map is kept and told; nothing reads or writes the options yet, so no rule matches a tun_metadata.
//
// Threads: control thread.
#pragma once

#include <vector>

#include "lib/base/result.h"
#include "lib/openflow/error.h"
#include "lib/openflow/nicira_message.h"

namespace weft::ofproto {

class TlvTable {
 public:
  // All of it or, with an error, nothing: NXTTMFC_ALREADY_MAPPED for a field that has an option, NXTTMFC_DUP_ENTRY for an
  // option that has a field, NXTTMFC_TABLE_FULL beyond 256 bytes of options. To remove what is not there is no error.
  Result<void, openflow::OpenFlowError> apply(const openflow::TlvTableMod& mod);
  const std::vector<openflow::TlvMap>& maps() const { return maps_; }  // by field

 private:
  Result<void, openflow::OpenFlowError> add(const openflow::TlvMap& map);

  std::vector<openflow::TlvMap> maps_;
};

}  // namespace weft::ofproto
