# The libraries weft stands on, all of them Debian packages (utilities/packages has their names).

find_package(PkgConfig REQUIRED)
pkg_check_modules(libnl REQUIRED IMPORTED_TARGET GLOBAL libnl-3.0)
pkg_check_modules(libnl_route REQUIRED IMPORTED_TARGET GLOBAL libnl-route-3.0)
pkg_check_modules(urcu_qsbr REQUIRED IMPORTED_TARGET GLOBAL liburcu-qsbr)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET GLOBAL libxxhash)
pkg_check_modules(libbpf REQUIRED IMPORTED_TARGET GLOBAL libbpf)
pkg_check_modules(libxdp REQUIRED IMPORTED_TARGET GLOBAL libxdp)
pkg_check_modules(libpcap REQUIRED IMPORTED_TARGET GLOBAL libpcap)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(Protobuf REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
include(GoogleTest)

# For the programs that run in the kernel: clang compiles to BPF whatever it is built for, g++ of Debian 12 does not.
find_program(WEFT_CLANG_FOR_BPF NAMES clang clang-14 clang-19 REQUIRED)
# <linux/types.h> includes what stands in the directory of the machine.
set(WEFT_BPF_INCLUDES -I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
