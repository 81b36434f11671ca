/* What the BPF programs (forward.bpf.c) and the switch both read and write: C, for a compiler to BPF and for ours.
 *
 * A megaflow that the kernel forwards by itself is a weft_slot: what its packets look like under which mask, the port
 * that they leave by, and what was counted. Slots and ports are arrays that both sides have in memory; the hash table
 * `flows` leads from a masked key to the slot.
 *
 * Threads: fields say who writes them. Numbers are written whole; keys and masks are not, which readers have
 * to bear (forward.bpf.c).
 */
#ifndef WEFT_DATAPATH_KERNEL_SHARED_LAYOUT_H
#define WEFT_DATAPATH_KERNEL_SHARED_LAYOUT_H

#include <linux/types.h>

enum {
  weft_max_ports = 4096,
  weft_max_slots = 16384,
  weft_max_masks = 8, /* of a port: each costs its packets a look into `flows` */
};

/* Fields stand in network order, as in lib/flow/flow_key.h; one that a packet does not have is zero. */
struct weft_key {
  __u16 port; /* place of the port; host order */
  __u8 mask;  /* place of the mask among the port's */
  __u8 icmp_code;
  __u16 vlan_tci; /* 0x1000: there is a tag */
  __u16 present;  /* bits of weft::present; host order */
  __u8 eth_dst[6];
  __u8 eth_src[6];
  __u16 eth_type;
  __u8 ip_proto;
  __u8 ip_tos;
  __u8 ip_ttl;
  __u8 icmp_type;
  __u16 tcp_flags;
  __u16 tp_src;
  __u16 tp_dst;
  __u32 ip_src[4]; /* IPv4: the first */
  __u32 ip_dst[4];
};

enum { weft_key_words = sizeof(struct weft_key) / sizeof(__u64) };

enum weft_slot_state {
  weft_slot_unused = 0,
  weft_slot_waiting = 1, /* packets of its port may be in user space yet, which the kernel's must not overtake */
  weft_slot_forwarding = 2,
};

struct weft_slot {
  struct weft_key key;  /* the switch, while unused for long */
  struct weft_key mask; /* the same */
  __u32 out_port;       /* place of a port; the same */
  __u32 state;          /* the switch; a program makes `forwarding` of `waiting` */
  /* Programs. */
  __u64 packets;
  __u64 bytes;
  __u64 more_segments; /* that large frames stand for beyond one */
  __s64 used_ns;       /* CLOCK_MONOTONIC_COARSE of the last packet */
  __u64 padding;       /* bytes that frames were made longer by, when they lost their tag */
  /* The switch, while unused for long: what is done with the packet before it leaves, in this order. */
  __u8 pops_tag;
  __u8 pushes_tag; /* of type 0x8100 */
  __u16 tag_tci;   /* host order */
  __u32 unused[3]; /* to whole cache lines */
};

struct weft_port {
  __u64 came_up;   /* frames that user space was given; programs */
  __u64 left;      /* those of them that have left it, or were dropped; the switch */
  __u32 ifindex;   /* the switch, as the next two; 0: nothing is sent there */
  __u32 max_frame; /* bytes with the Ethernet header, which the MTU does not count, but without a tag */
  __u32 mask_end;  /* places of masks below this one may be in use */
  __u32 unused;
  __u64 behind;        /* the frame by `came_up` that others than TCP's stay behind; programs, as what follows */
  __u64 dropped;       /* frames while it was drained */
  __s64 drained_to_ns; /* CLOCK_MONOTONIC_COARSE */
  __u64 more_unused;
  struct weft_key masks[weft_max_masks]; /* all zero: not in use */
};

/* From the program that sees a frame first to the one that sees it next, on the same processor. */
struct weft_verdict {
  __u32 in_ifindex;
  __u32 out_ifindex; /* 0: the frame ends here */
  __u8 pops_tag;     /* as weft_slot has them */
  __u8 pushes_tag;
  __u16 tag_tci;
};

#endif
