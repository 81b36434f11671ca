/* The kernel's part of forwarding: frames of megaflows that the switch has put here never come up to user space.
 *
 * A frame that arrives on a `system` device meets two programs, one right behind the other on the same processor:
 *
 *   weft_filter  at the switch's packet socket (SO_ATTACH_BPF): looks the frame up. One that is known is not copied to
 *                the socket; where it goes is left in `verdicts`.
 *   weft_guard   at the device's clsact ingress: sends the frame there, and consumes every other, because an attached
 *                device is the switch's alone (../port/guard.h). Without a socket nothing is ever left for it.
 *
 * What is known: TCP, UDP and echo over IPv4 without options and IPv6 without extension headers, at most one VLAN tag,
 * no fragments, lengths in order. Everything else goes up as before, so nothing is decided here that extraction
 * (lib/flow/extract.h) would see otherwise; tests/system/kernel compares the two.
 *
 * Order: a megaflow forwards only once a frame of it comes while nothing of its port is in user space: `left` is read
 * before `came_up`, and both only grow, so equal they mean that nothing was there in between. Where that does not come
 * about, because the worker is behind all the time, frames of the megaflow are dropped for a moment (is_drained).
 *
 * Tables change while a program reads them: an element of `flows` may be given to another key, a mask be half there. So
 * they only lead to a slot, and the slot, which is not written again within a second of its last use, decides whether
 * the packet is one of its own.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "datapath/kernel/shared_layout.h"

#define VLAN_TPID 0x8100
#define IPV4 0x0800
#define IPV6 0x86dd

enum { icmp = 1, tcp = 6, udp = 17, icmpv6 = 58 };
enum { icmp_echo_reply = 0, icmp_echo = 8, icmpv6_echo = 128, icmpv6_echo_reply = 129 };

/* weft::present */
enum {
  present_ip = 1 << 1,
  present_ip_protocol = 1 << 2,
  present_ports = 1 << 3,
  present_tcp_flags = 1 << 4,
  present_icmp = 1 << 5,
};

enum { ipv6_fragment = 44 };

enum { min_frame_bytes = 60 };

enum { ethernet_bytes = 14, ipv4_bytes = 20, ipv6_bytes = 40, min_tcp_bytes = 20, l4_bytes = 8 };

/* What a filter returns is how much of the frame its socket is given. */
enum { stays_below = 0, goes_up = 0x7fffffff };

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, weft_max_slots);
  __type(key, struct weft_key);
  __type(value, __u32);
} flows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, weft_max_slots);
  __uint(map_flags, BPF_F_MMAPABLE);
  __type(key, __u32);
  __type(value, struct weft_slot);
} slots SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, weft_max_ports);
  __uint(map_flags, BPF_F_MMAPABLE);
  __type(key, __u32);
  __type(value, struct weft_port);
} ports SEC(".maps");

/* Interface index -> place of the port. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, weft_max_ports);
  __type(key, __u32);
  __type(value, __u32);
} places SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct weft_verdict);
} verdicts SEC(".maps");

/* Aligned so that what is behind the Ethernet header is. */
struct frame_start {
  __u16 padding;
  __u8 eth_dst[6];
  __u8 eth_src[6];
  __u16 eth_type;
  union {
    struct {
      __u8 version_ihl, tos;
      __u16 total_length, id, fragment;
      __u8 ttl, protocol;
      __u16 checksum;
      __u32 src, dst;
    } v4;
    struct {
      __u32 version_class_label;
      __u16 payload_length;
      __u8 next_header, hop_limit;
      __u32 src[4], dst[4];
    } v6;
  };
};

struct l4_start {
  __u16 src, dst;
  __u16 udp_length, unused;
  __u32 tcp_ack;
  __u16 tcp_offset_flags;
};

struct packet {
  struct weft_key key;
  __u32 header_bytes; /* up to the payload of TCP or UDP */
  int is_leading;     /* others of its flow must not overtake it, though they may be known and it is not */
};

/* The fields of the IP header. Gives the offset of what is behind it, and how long IP says that is; 0: not known. */
static __always_inline __u32 read_ip(struct __sk_buff* skb, struct packet* packet, __u32* rest) {
  struct weft_key* key = &packet->key;
  struct frame_start start;
  if (bpf_skb_load_bytes(skb, 0, &start.eth_dst, ethernet_bytes + ipv4_bytes) != 0) {
    return 0;
  }
  __builtin_memcpy(key->eth_dst, start.eth_dst, sizeof start.eth_dst);
  __builtin_memcpy(key->eth_src, start.eth_src, sizeof start.eth_src);
  key->eth_type = start.eth_type;
  const __u32 available = skb->len - ethernet_bytes;
  if (start.eth_type == bpf_htons(IPV4)) {
    const __u32 total = bpf_ntohs(start.v4.total_length);
    /* 0x3fff: more fragments, and the offset */
    packet->is_leading = (start.v4.fragment & bpf_htons(0x3fff)) != 0;
    if (start.v4.version_ihl != 0x45 || total < ipv4_bytes || total > available || packet->is_leading) {
      return 0;
    }
    key->ip_tos = start.v4.tos;
    key->ip_ttl = start.v4.ttl;
    key->ip_proto = start.v4.protocol;
    key->ip_src[0] = start.v4.src;
    key->ip_dst[0] = start.v4.dst;
    *rest = total - ipv4_bytes;
    return ethernet_bytes + ipv4_bytes;
  }
  if (start.eth_type != bpf_htons(IPV6) || bpf_skb_load_bytes(skb, ethernet_bytes, &start.v6, sizeof start.v6) != 0) {
    return 0;
  }
  packet->is_leading = start.v6.next_header == ipv6_fragment;
  const __u32 first = bpf_ntohl(start.v6.version_class_label);
  *rest = bpf_ntohs(start.v6.payload_length);
  if (first >> 28 != 6 || *rest > available - ipv6_bytes) {
    return 0;
  }
  key->ip_tos = first >> 20;
  key->ip_ttl = start.v6.hop_limit;
  key->ip_proto = start.v6.next_header;
  __builtin_memcpy(key->ip_src, start.v6.src, sizeof start.v6.src);
  __builtin_memcpy(key->ip_dst, start.v6.dst, sizeof start.v6.dst);
  return ethernet_bytes + ipv6_bytes;
}

static __always_inline int is_echo(const struct weft_key* key, __u8 type) {
  return key->eth_type == bpf_htons(IPV4)
             ? key->ip_proto == icmp && (type == icmp_echo || type == icmp_echo_reply)
             : key->ip_proto == icmpv6 && (type == icmpv6_echo || type == icmpv6_echo_reply);
}

/* False: the packet is not one that may be known here. */
static __always_inline int read_packet(struct __sk_buff* skb, struct packet* packet) {
  struct weft_key* key = &packet->key;
  struct l4_start l4 = {};
  __u32 rest = 0;
  if (skb->vlan_present) {
    if (skb->vlan_proto != bpf_htons(VLAN_TPID)) {
      return 0;
    }
    key->vlan_tci = bpf_htons((__u16)skb->vlan_tci | 0x1000);
  }
  const __u32 offset = read_ip(skb, packet, &rest);
  if (offset == 0 || rest < l4_bytes || bpf_skb_load_bytes(skb, offset, &l4, l4_bytes) != 0) {
    return 0;
  }
  key->present = present_ip | present_ip_protocol;
  packet->header_bytes = offset + l4_bytes;
  if (key->ip_proto == tcp) {
    if (rest < min_tcp_bytes || bpf_skb_load_bytes(skb, offset + l4_bytes, &l4.tcp_ack, 6) != 0) {
      return 0;
    }
    const __u32 header = bpf_ntohs(l4.tcp_offset_flags) >> 12 << 2;
    if (header < min_tcp_bytes || header > rest) {
      return 0;
    }
    key->tcp_flags = l4.tcp_offset_flags & bpf_htons(0x0fff);
    key->present |= present_ports | present_tcp_flags;
    packet->header_bytes = offset + header;
  } else if (key->ip_proto == udp) {
    if (bpf_ntohs(l4.udp_length) < l4_bytes) {
      return 0;
    }
    key->present |= present_ports;
  } else {
    key->icmp_type = bpf_ntohs(l4.src) >> 8;
    key->icmp_code = bpf_ntohs(l4.src);
    key->present |= present_icmp;
    return is_echo(key, key->icmp_type);
  }
  key->tp_src = l4.src;
  key->tp_dst = l4.dst;
  return 1;
}

/* The packet's fields under the mask. False: it does not look at any bit, as a mask that is in use always does. */
static __always_inline int apply(const struct weft_key* mask, const struct weft_key* key, struct weft_key* masked) {
  const __u64* bits = (const __u64*)mask;
  const __u64* from = (const __u64*)key;
  __u64* to = (__u64*)masked;
  __u64 any = 0;
#pragma unroll
  for (int i = 0; i < weft_key_words; ++i) {
    any |= bits[i];
    to[i] = from[i] & bits[i];
  }
  return any != 0;
}

static __always_inline int covers(const struct weft_slot* slot, const struct weft_key* key,
                                  const struct weft_key* masked) {
  const __u64* bits = (const __u64*)&slot->mask;
  const __u64* wanted = (const __u64*)&slot->key;
  const __u64* from = (const __u64*)key;
  /* The first word names port and mask, too. */
  __u64 difference = (wanted[0] ^ *(const __u64*)masked) | ((from[0] ^ wanted[0]) & bits[0]);
#pragma unroll
  for (int i = 1; i < weft_key_words; ++i) {
    difference |= (from[i] & bits[i]) ^ wanted[i];
  }
  return difference == 0;
}

static __always_inline struct weft_slot* find_slot(const struct weft_port* port, __u32 place,
                                                   const struct weft_key* key) {
  for (__u32 i = 0; i < weft_max_masks && i < port->mask_end; ++i) {
    struct weft_key masked;
    if (!apply(&port->masks[i], key, &masked)) {
      continue;
    }
    masked.port = place;
    masked.mask = i;
    const __u32* number = bpf_map_lookup_elem(&flows, &masked);
    if (number == 0) {
      continue;
    }
    const __u32 taken = *(const volatile __u32*)number;
    struct weft_slot* slot = bpf_map_lookup_elem(&slots, &taken);
    return slot != 0 && covers(slot, key, &masked) ? slot : 0;
  }
  return 0;
}

enum fate { goes_to_user_space = 0, is_forwarded, is_dropped };

/* A worker that is far behind, and stays so, would never let a megaflow wait to its end. So the frames of those that wait
 * end here for a moment, which others of the port may take; until there is nothing in user space, or not yet again. */
static __always_inline int is_drained(struct weft_port* port, __u64 backlog) {
  const __u64 far_behind = 4096;
  const __s64 moment_ns = 200 * 1000 * 1000;
  const __s64 pause_ns = 1000 * 1000 * 1000;
  const __s64 now = bpf_ktime_get_coarse_ns();
  const __s64 end = *(volatile __s64*)&port->drained_to_ns;
  if (now >= end && (backlog < far_behind || now - end < pause_ns)) {
    return 0;
  }
  if (now >= end) {
    *(volatile __s64*)&port->drained_to_ns = now + moment_ns;
  }
  __sync_fetch_and_add(&port->dropped, 1);
  return 1;
}

/* Fragments go up, and whole datagrams of the same flow behind them: as long as one of them is in user space. What TCP
 * sends in fragments, if ever, it puts in order itself. */
static __always_inline enum fate fate_in_force(struct packet* packet, const struct weft_port* port) {
  if (packet->key.ip_proto != tcp && *(const volatile __u64*)&port->left < *(const volatile __u64*)&port->behind) {
    packet->is_leading = 1;
    return goes_to_user_space;
  }
  return is_forwarded;
}

static __always_inline enum fate fate_by(struct weft_slot* slot, struct weft_port* port, struct packet* packet) {
  const __u32 state = *(volatile __u32*)&slot->state;
  if (state != weft_slot_waiting) {
    return state == weft_slot_forwarding ? fate_in_force(packet, port) : goes_to_user_space;
  }
  const __u64 left = *(const volatile __u64*)&port->left;
  const __u64 came_up = *(const volatile __u64*)&port->came_up;
  if (left != came_up) {
    return is_drained(port, came_up - left) ? is_dropped : goes_to_user_space;
  }
  /* Not if it was taken back meanwhile. */
  return __sync_val_compare_and_swap(&slot->state, weft_slot_waiting, weft_slot_forwarding) == weft_slot_waiting
             ? is_forwarded
             : goes_to_user_space;
}

/* A frame that is too long is told of by those who drop it. */
static __always_inline int fits(const struct __sk_buff* skb, __u32 header_bytes, __u32 max_frame) {
  const __u32 size = skb->gso_size != 0 ? header_bytes + skb->gso_size : skb->len;
  return size <= max_frame;
}

/* What loses its tag may be shorter than a wire allows. */
static __always_inline int is_padded(const struct __sk_buff* skb, __u8 pops_tag, __u8 pushes_tag) {
  return pops_tag && !pushes_tag && skb->len < min_frame_bytes;
}

static __always_inline void count(const struct __sk_buff* skb, struct weft_slot* slot) {
  __sync_fetch_and_add(&slot->packets, 1);
  __sync_fetch_and_add(&slot->bytes, skb->len + (skb->vlan_present ? 4 : 0));
  if (skb->gso_size != 0 && skb->gso_segs > 1) {
    __sync_fetch_and_add(&slot->more_segments, skb->gso_segs - 1);
  }
  if (is_padded(skb, slot->pops_tag, slot->pushes_tag)) {
    __sync_fetch_and_add(&slot->padding, min_frame_bytes - skb->len);
  }
  *(volatile __s64*)&slot->used_ns = bpf_ktime_get_coarse_ns();
}

/* Where a frame that is forwarded goes, and how, is left in `verdict`. */
static __always_inline enum fate forward(struct __sk_buff* skb, struct weft_port* port, __u32 place,
                                         struct packet* packet, struct weft_verdict* verdict) {
  if (port->mask_end == 0 || !read_packet(skb, packet)) {
    return goes_to_user_space;
  }
  struct weft_slot* slot = find_slot(port, place, &packet->key);
  if (slot == 0) {
    return goes_to_user_space;
  }
  const __u32 out_place = slot->out_port;
  const struct weft_port* out = bpf_map_lookup_elem(&ports, &out_place);
  if (out == 0 || !fits(skb, packet->header_bytes, out->max_frame)) {
    return goes_to_user_space;
  }
  const __u32 ifindex = out->ifindex;
  const enum fate fate = ifindex != 0 ? fate_by(slot, port, packet) : goes_to_user_space;
  if (fate == is_forwarded) {
    count(skb, slot);
    verdict->pops_tag = slot->pops_tag;
    verdict->pushes_tag = slot->pushes_tag;
    verdict->tag_tci = slot->tag_tci;
    verdict->in_ifindex = skb->ifindex;
    verdict->out_ifindex = ifindex;
  }
  return fate;
}

SEC("socket")
int weft_filter(struct __sk_buff* skb) {
  const __u32 only = 0;
  struct weft_verdict* verdict = bpf_map_lookup_elem(&verdicts, &only);
  if (verdict == 0) {
    return goes_up;
  }
  verdict->out_ifindex = 0;
  const __u32 ifindex = skb->ifindex;
  const __u32* place = bpf_map_lookup_elem(&places, &ifindex);
  if (place == 0) {
    return goes_up;
  }
  const __u32 in_place = *place;
  struct weft_port* port = bpf_map_lookup_elem(&ports, &in_place);
  if (port == 0) {
    return goes_up;
  }
  struct packet packet = {};
  if (forward(skb, port, in_place, &packet, verdict) != goes_to_user_space) {
    return stays_below;
  }
  const __u64 before = __sync_fetch_and_add(&port->came_up, 1);
  if (packet.is_leading) {
    *(volatile __u64*)&port->behind = before + 1;
  }
  return goes_up;
}

SEC("tc")
int weft_guard(struct __sk_buff* skb) {
  const __u32 only = 0;
  struct weft_verdict* verdict = bpf_map_lookup_elem(&verdicts, &only);
  if (verdict == 0 || verdict->out_ifindex == 0) {
    return TC_ACT_STOLEN;
  }
  const __u32 out = verdict->out_ifindex;
  verdict->out_ifindex = 0;
  if (verdict->in_ifindex != skb->ifindex || (verdict->pops_tag && bpf_skb_vlan_pop(skb) != 0) ||
      (verdict->pushes_tag && bpf_skb_vlan_push(skb, bpf_htons(VLAN_TPID), verdict->tag_tci) != 0)) {
    return TC_ACT_STOLEN;
  }
  if (is_padded(skb, verdict->pops_tag, verdict->pushes_tag) && bpf_skb_change_tail(skb, min_frame_bytes, 0) != 0) {
    return TC_ACT_STOLEN;
  }
  return bpf_redirect(out, 0);
}

const char licence[] SEC("license") = "Apache-2.0";
