// TlvTable: which Geneve options are which tun_metadata fields, as controllers map them (NXT_TLV_TABLE_MOD).
//
// Each field has 32 bits in the key (lib/flow/flow_key.h), so an option of four bytes of data is what can be mapped.
//
// Threads: control thread.
#pragma once

#include <vector>

#include "datapath/api/tunnel_option_map.h"
#include "lib/base/result.h"
#include "lib/openflow/error.h"
#include "lib/openflow/nicira_message.h"

namespace weft::ofproto {

class TlvTable {
 public:
  // All of it or, with an error, nothing. `used`: fields that rules or groups name (bit n: tun_metadata n), which keep
  // their options: NXTTMFC_INVALID_TLV_DEL. NXTTMFC_BAD_OPT_LEN for an option of another size; NXTTMFC_ALREADY_MAPPED for a field that has an option, NXTTMFC_DUP_ENTRY for an
  // option that has a field, NXTTMFC_TABLE_FULL beyond 256 bytes of options. To remove what is not there is no error.
  Result<void, openflow::OpenFlowError> apply(const openflow::TlvTableMod& mod, uint64_t used = 0);
  // What tunnel ports are told.
  datapath::TunnelOptionMap option_map() const;
  const std::vector<openflow::TlvMap>& maps() const { return maps_; }  // by field

 private:
  Result<void, openflow::OpenFlowError> add(const openflow::TlvMap& map);
  Result<void, openflow::OpenFlowError> check_removal(const openflow::TlvTableMod& mod, uint64_t used) const;

  std::vector<openflow::TlvMap> maps_;
};

}  // namespace weft::ofproto
