// The files of TLS connections: one record for the whole switch.

#include <fmt/format.h>

#include "utilities/vsctl/record_words.h"

namespace weft::vsctl {

CommandResult get_ssl(Invocation& call) {
  const Draft& draft = call.run.draft;
  for (const Row* row : draft.referred(draft.root(), "ssl", "SSL")) {
    const auto file = [&](const char* column) { return (*row)[column].string().value_or(""); };
    call.run.output +=
        fmt::format("Private key: {}\nCertificate: {}\nCA Certificate: {}\nBootstrap: {}\n", file("private_key"),
                    file("certificate"), file("ca_cert"), (*row)["bootstrap_ca_cert"].boolean().value_or(false));
  }
  return {};
}

CommandResult del_ssl(Invocation& call) {
  Draft& draft = call.run.draft;
  for (const Row* row : draft.referred(draft.root(), "ssl", "SSL")) {
    draft.remove("SSL", Uuid(row->uuid));
  }
  draft.update("Open_vSwitch", draft.root().uuid, "ssl", {});
  return {};
}

CommandResult set_ssl(Invocation& call) {
  if (auto cleared = del_ssl(call); !cleared) {
    return cleared;
  }
  Draft& draft = call.run.draft;
  const Uuid uuid = draft.insert("SSL", {{"private_key", Datum::of(call.word(0))},
                                         {"certificate", Datum::of(call.word(1))},
                                         {"ca_cert", Datum::of(call.word(2))},
                                         {"bootstrap_ca_cert", Datum::of(call.has("--bootstrap"))}});
  draft.add_reference("Open_vSwitch", draft.root().uuid, "ssl", uuid);
  return {};
}

}  // namespace weft::vsctl
