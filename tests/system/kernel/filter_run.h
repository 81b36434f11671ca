// FilterRun: lets the kernel run the program of a packet socket (datapath/kernel/forward.bpf.c) on one frame, without a
// device that the frame comes by.
//
// BPF_PROG_TEST_RUN takes an Ethernet header off before a program for sockets begins, which a packet socket puts back: so
// there is one in front of the frame, for that purpose. A tag beside the frame cannot be said.
//
// Threads: the one that made it, which stays on one processor: the program's answer lies in that one's memory.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sched.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "datapath/kernel/kernel_programs.h"
#include "lib/os/fd.h"

namespace weft::datapath {

class FilterRun {
 public:
  explicit FilterRun(const KernelPrograms& programs) : filter_(programs.filter()), verdicts_(find_map("verdicts")) {
    processor_ = static_cast<size_t>(::sched_getcpu());
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET(processor_, &here);
    EXPECT_EQ(::sched_setaffinity(0, sizeof here, &here), 0);
    EXPECT_TRUE(verdicts_.is_open());
    answers_.resize(static_cast<size_t>(::libbpf_num_possible_cpus()));
  }
  ~FilterRun() { ::sched_setaffinity(0, sizeof before_, &before_); }
  FilterRun(const FilterRun&) = delete;
  FilterRun& operator=(const FilterRun&) = delete;

  struct Frame {
    std::span<const uint8_t> bytes;
    uint32_t ifindex = 0;  // of a device in this network namespace
    uint32_t gso_size = 0;
    uint32_t gso_segments = 0;
  };
  // Where the frame is to go, and how; out_ifindex 0: it comes up to the socket, or is dropped.
  weft_verdict run(const Frame& frame) {
    constexpr size_t ethernet = 14;
    data_.assign(ethernet, 0);
    data_.insert(data_.end(), frame.bytes.begin(), frame.bytes.end());
    __sk_buff beside{};
    beside.ifindex = frame.ifindex;
    beside.gso_size = frame.gso_size;
    beside.gso_segs = frame.gso_segments;
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.data_in = data_.data();
    options.data_size_in = static_cast<uint32_t>(data_.size());
    options.ctx_in = &beside;
    options.ctx_size_in = sizeof beside;
    EXPECT_EQ(::bpf_prog_test_run_opts(filter_, &options), 0) << std::strerror(errno);
    const weft_verdict verdict = answer();
    const bool comes_up = options.retval != 0;
    EXPECT_FALSE(comes_up && verdict.out_ifindex != 0);
    dropped_ += !comes_up && verdict.out_ifindex == 0 ? 1 : 0;
    EXPECT_TRUE(verdict.out_ifindex == 0 || verdict.in_ifindex == frame.ifindex);
    return verdict;
  }

  unsigned dropped() const { return dropped_; }  // so far

 private:
  struct alignas(8) Answer {  // as the kernel lays them out
    weft_verdict verdict;
  };

  // A map that the program uses.
  Fd find_map(std::string_view name) const {
    std::vector<uint32_t> ids(16);
    bpf_prog_info program{};
    program.nr_map_ids = static_cast<uint32_t>(ids.size());
    program.map_ids = reinterpret_cast<uint64_t>(ids.data());
    uint32_t size = sizeof program;
    EXPECT_EQ(::bpf_obj_get_info_by_fd(filter_, &program, &size), 0);
    ids.resize(std::min<size_t>(ids.size(), program.nr_map_ids));
    for (const uint32_t id : ids) {
      Fd map(::bpf_map_get_fd_by_id(id));
      bpf_map_info info{};
      size = sizeof info;
      if (::bpf_obj_get_info_by_fd(map.get(), &info, &size) == 0 && name == info.name) {
        return map;
      }
    }
    return Fd();
  }

  const weft_verdict& answer() {
    const uint32_t only = 0;
    EXPECT_EQ(::bpf_map_lookup_elem(verdicts_.get(), &only, answers_.data()), 0);
    return answers_[processor_].verdict;
  }

  const int filter_;
  const Fd verdicts_;
  size_t processor_ = 0;
  cpu_set_t before_{};
  std::vector<Answer> answers_;  // by processor
  std::vector<uint8_t> data_;
  unsigned dropped_ = 0;
};

}  // namespace weft::datapath
