#include "tests/support/describe.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "lib/packet/arp.h"
#include "lib/packet/checksum.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/header_at.h"
#include "lib/packet/icmp.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/mpls.h"
#include "lib/packet/pbb.h"
#include "lib/packet/sctp.h"
#include "lib/packet/tcp.h"
#include "lib/packet/udp.h"
#include "lib/packet/vlan.h"
#include "lib/packet/vxlan.h"

namespace weft {

namespace {

using Span = std::span<const uint8_t>;

// Reads a frame from front to back; `rest_` is what is not described yet.
class Describer {
 public:
  std::string describe(Span frame) {
    rest_ = frame;
    ethernet();
    return std::move(words_);
  }

 private:
  // The header at the front, taken off; when it is cut off, says so and takes the rest.
  template <class H>
  const H* take(std::string_view name) {
    const H* header = header_at<H>(rest_);
    if (header == nullptr) {
      say("{} cut short: {}", name, hex(rest_));
      rest_ = {};
      return nullptr;
    }
    rest_ = rest_.subspan(sizeof(H));
    return header;
  }

  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) {
    if (!words_.empty()) {
      words_ += ", ";
    }
    words_ += fmt::format(format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    words_ += ' ';
    words_ += fmt::format(format, std::forward<Args>(args)...);
  }

  void ethernet() {
    if (const auto* header = take<EthernetHeader>("eth")) {
      say("eth {} > {}", header->src.to_string(), header->dst.to_string());
      l2_payload(header->type.host());
    }
  }

  void l2_payload(uint16_t type) {
    if (eth_type::is_vlan(type)) {
      vlan(type);
    } else if (eth_type::is_mpls(type)) {
      mpls();
    } else if (type == eth_type::pbb) {
      pbb();
    } else if (type == eth_type::arp || type == eth_type::rarp) {
      arp(type == eth_type::arp ? "arp" : "rarp");
    } else if (type == eth_type::ipv4) {
      ipv4();
    } else if (type == eth_type::ipv6) {
      ipv6();
    } else if (type < eth_type::min) {
      say("length {}", type);
      payload();
    } else {
      say("type 0x{:04x}", type);
      payload();
    }
  }

  void vlan(uint16_t tpid) {
    // The TPID was the type of the header before; what is left here is TCI and the next type.
    if (const auto* tag = take<VlanTag>("vlan")) {
      const VlanTag real{Be16{tpid}, tag->tpid};
      say("vlan {}", real.vid());
      if (real.pcp() != 0) {
        add("pcp {}", real.pcp());
      }
      if (real.dei()) {
        add("dei");
      }
      if (tpid != eth_type::vlan) {
        add("tpid 0x{:04x}", tpid);
      }
      l2_payload(tag->tci.host());
    }
  }

  void pbb() {
    if (const auto* tag = take<PbbTag>("pbb")) {
      say("pbb isid {}", tag->isid());
      if (tag->pcp() != 0) {
        add("pcp {}", tag->pcp());
      }
      if (tag->uca()) {
        add("uca");
      }
      ethernet();
    }
  }

  void mpls() {
    bool is_bottom = false;
    while (!is_bottom) {
      const auto* entry = take<MplsEntry>("mpls");
      if (entry == nullptr) {
        return;
      }
      say("mpls {} tc {} ttl {}", entry->label(), entry->tc(), entry->ttl());
      is_bottom = entry->is_bottom();
    }
    // MPLS does not say what it carries; the version nibble is a fair guess.
    const unsigned version = rest_.empty() ? 0 : rest_[0] >> 4;
    version == 4 ? ipv4() : version == 6 ? ipv6() : payload();
  }

  void arp(std::string_view name) {
    if (const auto* header = take<ArpHeader>(name)) {
      say("{} op {} {} {} > {} {}", name, header->op.host(), header->sha.to_string(), header->spa.to_string(),
          header->tha.to_string(), header->tpa.to_string());
      payload();
    }
  }

  void ipv4() {
    const Span packet = rest_;
    const auto* header = take<Ipv4Header>("ipv4");
    if (header == nullptr) {
      return;
    }
    say("ipv4 {} > {} ttl {}", header->src.to_string(), header->dst.to_string(), header->ttl);
    if (header->tos != 0) {
      add("tos {}", header->tos);
    }
    if (header->id != Be16{}) {
      add("id {}", header->id.host());
    }
    if (header->dont_fragment()) {
      add("df");
    }
    if (header->is_fragment()) {
      add("fragment {}{}", header->fragment_offset(), header->more_fragments() ? "+" : "");
    }
    if (header->header_bytes() < ipv4_header_bytes || header->header_bytes() > packet.size()) {
      add("bad header length {}", header->header_bytes());
      return payload();
    }
    if (header->header_bytes() > ipv4_header_bytes) {
      add("options {}", hex(packet.first(header->header_bytes()).subspan(ipv4_header_bytes)));
    }
    if (internet_checksum(packet.first(header->header_bytes())) != Be16{}) {
      add("bad checksum 0x{:04x}", header->checksum.host());
    }
    rest_ = packet.subspan(header->header_bytes());
    cut_to_length(header->total_length.host() - header->header_bytes());
    pseudo_ = [header](uint8_t protocol, size_t size) {
      return pseudo_header_sum(header->src, header->dst, protocol, size);
    };
    l4(header->protocol, header->is_later_fragment(), header->is_fragment());
  }

  void ipv6() {
    const auto* header = take<Ipv6Header>("ipv6");
    if (header == nullptr) {
      return;
    }
    say("ipv6 {} > {} ttl {}", header->src.to_string(), header->dst.to_string(), header->hop_limit);
    if (header->traffic_class() != 0) {
      add("tos {}", header->traffic_class());
    }
    if (header->flow_label() != 0) {
      add("label {}", header->flow_label());
    }
    cut_to_length(header->payload_length.host());
    pseudo_ = [header](uint8_t protocol, size_t size) {
      return pseudo_header_sum(header->src, header->dst, protocol, size);
    };
    ipv6_extensions(header->next_header);
  }

  void ipv6_extensions(uint8_t next) {
    bool is_later = false;
    bool is_fragment = false;
    while (is_ipv6_extension(next) && !is_later) {
      if (next == ip_protocol::fragment) {
        const auto* header = take<Ipv6FragmentHeader>("fragment");
        if (header == nullptr) {
          return;
        }
        say("fragment {}{} id {}", header->fragment_offset(), header->more_fragments() ? "+" : "", header->id.host());
        is_fragment = true;
        is_later = header->fragment_offset() != 0;
        next = header->next_header;
        continue;
      }
      const auto* header = header_at<Ipv6ExtensionHeader>(rest_);
      const size_t size = header == nullptr         ? ~size_t{0}
                          : next == ip_protocol::ah ? header->ah_header_bytes()
                                                    : header->header_bytes();
      if (size > rest_.size()) {
        say("extension {} cut short", next);
        return payload();
      }
      say("extension {} size {}", next, size);
      rest_ = rest_.subspan(size);
      next = header->next_header;
    }
    l4(next, is_later, is_fragment);
  }

  // What an IP length leaves out is padding; what it claims beyond the frame is a lie.
  void cut_to_length(size_t length) {
    if (length > rest_.size()) {
      add("length lies by {}", length - rest_.size());
    } else if (length < rest_.size()) {
      add("padding {}", rest_.size() - length);
      rest_ = rest_.first(length);
    }
  }

  void l4(uint8_t protocol, bool is_later_fragment, bool is_fragment) {
    is_fragment_ = is_fragment;
    if (is_later_fragment) {
      say("protocol {}", protocol);
      payload();
    } else if (protocol == ip_protocol::tcp) {
      tcp();
    } else if (protocol == ip_protocol::udp) {
      udp();
    } else if (protocol == ip_protocol::sctp) {
      sctp();
    } else if (protocol == ip_protocol::icmp) {
      icmp("icmp", false);
    } else if (protocol == ip_protocol::icmpv6) {
      icmp("icmpv6", true);
    } else {
      say("protocol {}", protocol);
      payload();
    }
  }

  // Says nothing about a right checksum.
  void check_l4(Span segment, Be16 field, InternetSum pseudo) {
    if (is_fragment_ || InternetSum(pseudo).add(segment).checksum() == Be16{}) {
      return;
    }
    add("{} checksum 0x{:04x}", field == pseudo.folded() ? "partial" : "bad", field.host());
  }

  void tcp() {
    const Span segment = rest_;
    const auto* header = take<TcpHeader>("tcp");
    if (header == nullptr) {
      return;
    }
    say("tcp {} > {} flags {}", header->src_port.host(), header->dst_port.host(), tcp_flags(header->flags()));
    if (header->sequence != Be32{} || header->acknowledgement != Be32{}) {
      add("seq {} ack {}", header->sequence.host(), header->acknowledgement.host());
    }
    check_l4(segment, header->checksum, pseudo_(ip_protocol::tcp, segment.size()));
    if (header->header_bytes() < tcp_header_bytes || header->header_bytes() > segment.size()) {
      add("bad header length {}", header->header_bytes());
    } else {
      rest_ = segment.subspan(header->header_bytes());
      if (header->header_bytes() > tcp_header_bytes) {
        add("options {}", hex(segment.first(header->header_bytes()).subspan(tcp_header_bytes)));
      }
    }
    payload();
  }

  static std::string tcp_flags(uint16_t flags) {
    static constexpr std::string_view letters = "FSRP.UEWA";
    std::string text;
    for (size_t i = 0; i < letters.size(); ++i) {
      if ((flags >> i & 1) != 0) {
        text += letters[i];
      }
    }
    return text.empty() ? "none" : text;
  }

  void udp() {
    const Span datagram = rest_;
    const auto* header = take<UdpHeader>("udp");
    if (header == nullptr) {
      return;
    }
    say("udp {} > {}", header->src_port.host(), header->dst_port.host());
    if (header->length.host() != datagram.size() && !is_fragment_) {
      add("length {} of {}", header->length.host(), datagram.size());
    }
    if (header->checksum == Be16{}) {
      add("no checksum");
    } else {
      check_l4(datagram, header->checksum, pseudo_(ip_protocol::udp, datagram.size()));
    }
    header->dst_port.host() == udp_port::vxlan ? vxlan() : payload();
  }

  void vxlan() {
    if (const auto* header = take<VxlanHeader>("vxlan")) {
      say("vxlan {}", header->vni());
      if (header->flags != VxlanHeader::flag_vni) {
        add("flags 0x{:02x}", header->flags);
      }
      if (header->gbp_id != Be16{} || header->gbp_flags != 0) {
        add("gbp {} flags 0x{:02x}", header->gbp_id.host(), header->gbp_flags);
      }
      ethernet();
    }
  }

  void sctp() {
    const Span segment = rest_;
    if (const auto* header = take<SctpHeader>("sctp")) {
      say("sctp {} > {} tag {}", header->src_port.host(), header->dst_port.host(), header->verification_tag.host());
      std::vector<uint8_t> zeroed(segment.begin(), segment.end());
      std::fill_n(zeroed.begin() + sctp_checksum_offset, 4, uint8_t{0});
      std::array<uint8_t, 4> right;
      store_sctp_crc(right.data(), crc32c(zeroed));
      if (right != header->crc && !is_fragment_) {
        add("bad checksum {}", hex(header->crc));
      }
      payload();
    }
  }

  void icmp(std::string_view name, bool has_pseudo_header) {
    const Span message = rest_;
    const auto* header = take<IcmpHeader>(name);
    if (header == nullptr) {
      return;
    }
    say("{} type {} code {}", name, header->type, header->code);
    if (header->rest != Be32{}) {
      add("rest 0x{:08x}", header->rest.host());
    }
    check_l4(message, header->checksum,
             has_pseudo_header ? pseudo_(ip_protocol::icmpv6, message.size()) : InternetSum());
    if (has_pseudo_header && icmpv6_type::is_neighbor_discovery(header->type)) {
      neighbor_discovery();
    }
    payload();
  }

  void neighbor_discovery() {
    if (const auto* target = take<Ipv6Address>("nd target")) {
      add("target {}", target->to_string());
    }
    const auto* option = header_at<NdLinkLayerOption>(rest_);
    if (option != nullptr && option->option.length == 1) {
      add("{} {}", option->option.type == nd_option_type::source_link_layer ? "sll" : "tll", option->mac.to_string());
      rest_ = rest_.subspan(sizeof *option);
    }
  }

  void payload() {
    if (rest_.empty()) {
      return;
    }
    const auto is_text = [](uint8_t byte) { return byte >= 0x20 && byte < 0x7f; };
    if (std::all_of(rest_.begin(), rest_.end(), is_text)) {
      const std::string_view text(reinterpret_cast<const char*>(rest_.data()), rest_.size());
      say("payload {} \"{}{}\"", rest_.size(), text.substr(0, 40), text.size() > 40 ? "..." : "");
    } else {
      say("payload {} {}", rest_.size(), hex(rest_));
    }
    rest_ = {};
  }

  Span rest_;
  std::string words_;
  bool is_fragment_ = false;
  std::function<InternetSum(uint8_t protocol, size_t size)> pseudo_;
};

}  // namespace

std::string describe(std::span<const uint8_t> frame) { return Describer().describe(frame); }

std::string hex(std::span<const uint8_t> bytes, size_t limit) {
  const auto shown = bytes.first(std::min(limit, bytes.size()));
  return fmt::format("{:02x}{}", fmt::join(shown, " "), shown.size() < bytes.size() ? " ..." : "");
}

}  // namespace weft
