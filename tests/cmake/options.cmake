# Compiler, warnings, sanitizers and ccache: everything that applies to every target alike. Applied globally,
# because precompiled headers can only be shared between targets whose flags are equal.

set(WEFT_SANITIZE "" CACHE STRING "Sanitizers to build with: 'address,undefined', 'thread' or nothing")
option(WEFT_FUZZ "Build the fuzz targets with libFuzzer (clang only)" OFF)
option(WEFT_WERROR "Warnings are errors" ON)
option(WEFT_UNITY "Compile a folder's sources several at a time: a full build in half the time, a small one slower" ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

# Not CMAKE_POSITION_INDEPENDENT_CODE: libraries would get -fPIC and programs -fPIE, which may not share a
# precompiled header.
add_compile_options(-fPIE)
add_link_options(-pie)

# Sources of one target that share their headers' cost; two of them may then not use one name for different things.
if(WEFT_UNITY)
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 10)
endif()

# -g1 keeps line numbers for back traces at a tenth of the size and link time of full debug information.
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -g1 -DNDEBUG")
if(WEFT_SANITIZE OR WEFT_FUZZ)
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
else()
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
endif()

# popcnt is in every 64-bit machine since 2009; without it a packet's key is searched by calls of libgcc.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
  add_compile_options(-march=x86-64-v2)
endif()

add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor)
if(WEFT_WERROR)
  add_compile_options(-Werror)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  add_compile_options(-Wthread-safety)
else()
  # g++ 12 reports these falsely in optimised code of the standard library and fmt, and more so when a
  # sanitizer has rewritten it.
  add_compile_options(-Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds
                      -Wno-restrict)
  if(WEFT_UNITY)
    # Only a source's own text may use what is in its unnamed namespace, but then the source is not the main file.
    add_compile_options(-Wno-subobject-linkage)
  endif()
endif()

if(WEFT_SANITIZE)
  add_compile_options(-fsanitize=${WEFT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WEFT_SANITIZE})
  if(WEFT_SANITIZE MATCHES thread)
    add_compile_definitions(WEFT_TSAN=1)
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      # The one fence lives in lib/base/rcu; what it orders is also annotated by hand.
      add_compile_options(-Wno-tsan)
    endif()
  endif()
endif()

if(WEFT_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "WEFT_FUZZ needs clang; other compilers run the fuzz targets with tests/fuzz/driver.cc")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The sloppiness is what ccache needs to accept precompiled headers; base directory and 'nohashdir' let build
  # directories and checkouts share results, but for what includes a precompiled header: it holds its own path.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    set(WEFT_PCH_OPTIONS -Xclang -fno-pch-timestamp)
  else()
    add_compile_options(-fpch-preprocess)
  endif()
endif()
