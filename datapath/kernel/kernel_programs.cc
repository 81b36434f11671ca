#include "datapath/kernel/kernel_programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>

namespace weft::datapath {
namespace {

// What the compiler for BPF made (CMakeLists.txt).
asm(R"(
  .section .rodata
  .balign 8
  weft_forward_object:
  .incbin ")" WEFT_FORWARD_OBJECT R"("
  weft_forward_object_end:
  .balign 8
  .previous
)");
extern "C" const char weft_forward_object[] __attribute__((visibility("hidden")));
extern "C" const char weft_forward_object_end[] __attribute__((visibility("hidden")));

}  // namespace

void silence_libbpf() {
  ::libbpf_set_print([](libbpf_print_level, const char*, va_list) { return 0; });
}

Result<std::unique_ptr<KernelPrograms>, OsError> KernelPrograms::load() {
  silence_libbpf();
  const auto size = static_cast<size_t>(weft_forward_object_end - weft_forward_object);
  bpf_object* const object = ::bpf_object__open_mem(weft_forward_object, size, nullptr);
  if (object == nullptr) {
    return Unexpected(last_os_error("read the kernel's part of forwarding"));
  }
  std::unique_ptr<KernelPrograms> programs(new KernelPrograms(object));
  if (const int loaded = ::bpf_object__load(object); loaded != 0) {
    return Unexpected(os_error(-loaded, "load the kernel's part of forwarding"));
  }
  if (auto opened = programs->open(); !opened) {
    return Unexpected(opened.error());
  }
  return programs;
}

Result<void, OsError> KernelPrograms::open() {
  filter_ = ::bpf_program__fd(::bpf_object__find_program_by_name(object_, "weft_filter"));
  guard_ = ::bpf_program__fd(::bpf_object__find_program_by_name(object_, "weft_guard"));
  flows_ = ::bpf_object__find_map_fd_by_name(object_, "flows");
  places_ = ::bpf_object__find_map_fd_by_name(object_, "places");
  if (filter_ < 0 || guard_ < 0 || flows_ < 0 || places_ < 0) {
    return Unexpected(os_error(ENOENT, "find the kernel's part of forwarding"));
  }
  auto slots = map_into_memory("slots", weft_max_slots * sizeof(weft_slot));
  if (!slots) {
    return Unexpected(slots.error());
  }
  slots_ = *slots;
  auto ports = map_into_memory("ports", weft_max_ports * sizeof(weft_port));
  if (!ports) {
    return Unexpected(ports.error());
  }
  ports_ = *ports;
  return {};
}

Result<KernelPrograms::Mapping, OsError> KernelPrograms::map_into_memory(const char* name, size_t bytes) {
  static_assert(sizeof(weft_slot) % 8 == 0 && sizeof(weft_port) % 8 == 0);  // as the kernel lays arrays out
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t size = (bytes + page - 1) / page * page;
  const int map = ::bpf_object__find_map_fd_by_name(object_, name);
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  if (memory == MAP_FAILED) {
    return Unexpected(last_os_error("map the kernel's part of forwarding"));
  }
  return Mapping{memory, size};
}

KernelPrograms::~KernelPrograms() {
  for (const Mapping& mapping : {slots_, ports_}) {
    if (mapping.memory != nullptr) {
      ::munmap(mapping.memory, mapping.size);
    }
  }
  ::bpf_object__close(object_);
}

bool KernelPrograms::set_place(uint32_t ifindex, uint32_t place) {
  return ::bpf_map_update_elem(places_, &ifindex, &place, BPF_ANY) == 0;
}

void KernelPrograms::remove_place(uint32_t ifindex) { ::bpf_map_delete_elem(places_, &ifindex); }

bool KernelPrograms::add_flow(const weft_key& key, uint32_t slot) {
  return ::bpf_map_update_elem(flows_, &key, &slot, BPF_NOEXIST) == 0;
}

void KernelPrograms::remove_flow(const weft_key& key) { ::bpf_map_delete_elem(flows_, &key); }

}  // namespace weft::datapath
