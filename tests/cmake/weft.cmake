# How weft's targets are declared. A folder's CMakeLists.txt is one call:
#
#   weft_library(<folder>  HEADERS a.h SOURCES a.cc LINKS weft::lib_base ... [PROTOS x.proto] [PCH asio|protobuf])
#   weft_program(<name>    SOURCES ... LINKS ... [PCH ...])
#   weft_test(<folder>     SOURCES x_test.cc ... LINKS ... [LABELS story ...])   from tests/<folder>
#   weft_fuzz(<name>       SOURCES x_fuzz.cc LINKS ...)
#   weft_bench(<name>      SOURCES x_bench.cc LINKS ...)
#
# The library of folder a/b is the target weft_a_b, known as weft::a_b; its unit-test binary is test_a_b. A
# library links what it states and its tests link that and what they state, so code that calls upward does not
# link. Headers are a FILE_SET, so that VERIFY_INTERFACE_HEADER_SETS can compile each of them alone.

# Adds each of the folders that has a CMakeLists.txt; a folder that appears later is noticed by the next build.
function(weft_add_folders)
  foreach(folder IN LISTS ARGN)
    file(GLOB present CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt)
    if(present)
      add_subdirectory(${PROJECT_SOURCE_DIR}/${folder} ${PROJECT_BINARY_DIR}/${folder})
    endif()
  endforeach()
endfunction()

function(weft_library folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PCH" "HEADERS;SOURCES;LINKS;PROTOS")
  weft_reject_unknown("weft_library(${folder})" "${arg_UNPARSED_ARGUMENTS}")
  string(REPLACE / _ name ${folder})
  set(target weft_${name})

  if(arg_SOURCES OR arg_PROTOS)
    set(scope PUBLIC)
    add_library(${target} STATIC ${arg_SOURCES})
  else()
    set(scope INTERFACE)
    add_library(${target} INTERFACE)
  endif()
  add_library(weft::${name} ALIAS ${target})

  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HEADERS})
  target_include_directories(${target} ${scope} ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} ${scope} ${arg_LINKS})
  weft_generate_protobuf(${target} ${arg_PROTOS})
  weft_precompile(${target} "${arg_PCH}")
endfunction()

function(weft_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PCH" "SOURCES;LINKS")
  weft_reject_unknown("weft_program(${name})" "${arg_UNPARSED_ARGUMENTS}")
  weft_executable(${name} "${arg_PCH}" "${arg_SOURCES}" "${arg_LINKS}")
endfunction()

function(weft_test folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;LINKS;LABELS")
  weft_reject_unknown("weft_test(${folder})" "${arg_UNPARSED_ARGUMENTS}")
  string(REPLACE / _ name ${folder})
  set(target test_${name})
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()

  set(links GTest::gtest GTest::gmock GTest::gmock_main ${arg_LINKS})
  if(EXISTS ${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt)
    list(PREPEND links weft::${name})
  endif()
  weft_executable(${target} gtest "${arg_SOURCES}" "${links}")
  target_compile_options(${target} PRIVATE ${WEFT_TEST_OPTIONS})
  weft_gather(${target} ${arg_LABELS})
  # gtest_discover_tests loses all but the first of several labels. ctest -L takes a regular expression, so one
  # joined label, "unit+tsan", is found by each of its parts.
  list(JOIN arg_LABELS + labels)
  if(WEFT_SANITIZE)
    weft_test_in_shards(${target} ${name} ${labels} ${arg_TIMEOUT})
    return()
  endif()
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 TEST_PREFIX ${name}/
                       WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
                       PROPERTIES LABELS ${labels} TIMEOUT ${arg_TIMEOUT})
endfunction()

# A program with a sanitizer starts in up to half a second: it runs each quarter of its tests in one process. tests/run
# counts the tests that they report.
function(weft_test_in_shards target name labels timeout)
  set(count 4)
  math(EXPR timeout "${timeout} * ${count}")
  foreach(index RANGE 1 ${count})
    math(EXPR shard "${index} - 1")
    add_test(NAME ${name}/${index}_of_${count} COMMAND ${target} --gtest_brief=1
             WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name}/${index}_of_${count} PROPERTIES LABELS ${labels} TIMEOUT ${timeout}
                         ENVIRONMENT "GTEST_TOTAL_SHARDS=${count};GTEST_SHARD_INDEX=${shard}")
  endforeach()
endfunction()

# Under clang with WEFT_FUZZ a libFuzzer binary, else the same entry point behind tests/fuzz/driver.cc. ctest runs
# either for a bounded time on the seeds in tests/fuzz/corpus/<name>.
function(weft_fuzz name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
  weft_reject_unknown("weft_fuzz(${name})" "${arg_UNPARSED_ARGUMENTS}")
  set(target fuzz_${name})
  if(WEFT_FUZZ)
    weft_executable(${target} "" "${arg_SOURCES}" "${arg_LINKS}")
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    list(APPEND arg_SOURCES ${PROJECT_SOURCE_DIR}/tests/fuzz/driver.cc)
    weft_executable(${target} "" "${arg_SOURCES}" "${arg_LINKS}")
  endif()
  set(seeds ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
  weft_gather(${target} fuzz)
  # New inputs that libFuzzer finds go to the first directory; the seeds are only read.
  set(found ${CMAKE_CURRENT_BINARY_DIR}/found/${name})
  file(MAKE_DIRECTORY ${found})
  file(GLOB seeds_present CONFIGURE_DEPENDS ${seeds})
  add_test(NAME fuzz/${name} COMMAND ${target} -seed=1 -runs=50000 -max_total_time=8 ${found} ${seeds_present})
  set_tests_properties(fuzz/${name} PROPERTIES LABELS fuzz TIMEOUT 120)
endfunction()

# The benchmark itself is run by hand; ctest runs every case once so that it cannot rot.
function(weft_bench name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
  weft_reject_unknown("weft_bench(${name})" "${arg_UNPARSED_ARGUMENTS}")
  set(target bench_${name})
  weft_executable(${target} "" "${arg_SOURCES}" "${arg_LINKS};benchmark::benchmark;benchmark::benchmark_main")
  weft_gather(${target} bench)
  add_test(NAME bench/${name} COMMAND ${target} --benchmark_min_time=0.001)
  set_tests_properties(bench/${name} PROPERTIES LABELS bench TIMEOUT 300)
endfunction()

# What the functions above have in common.

function(weft_executable target pch sources links)
  add_executable(${target} ${sources})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE ${links})
  weft_precompile(${target} "${pch}")
endfunction()

# The target tests_<label> builds the tests of one label and no more: the thread sanitizer needs only some of them.
function(weft_gather target)
  foreach(label IN LISTS ARGN)
    if(NOT TARGET tests_${label})
      add_custom_target(tests_${label})
    endif()
    add_dependencies(tests_${label} ${target})
  endforeach()
endfunction()

function(weft_reject_unknown where arguments)
  if(arguments)
    message(FATAL_ERROR "${where}: unknown arguments ${arguments}")
  endif()
endfunction()

# Generated headers are included as written from the source root: "lib/management/x.pb.h".
function(weft_generate_protobuf target)
  if(NOT ARGN)
    return()
  endif()
  set(generated)
  foreach(proto IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH proto BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} OUTPUT_VARIABLE source)
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE stem)
    cmake_path(REPLACE_EXTENSION stem LAST_ONLY "")
    set(outputs ${PROJECT_BINARY_DIR}/generated/${stem}.pb.cc ${PROJECT_BINARY_DIR}/generated/${stem}.pb.h)
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/generated
      COMMAND protobuf::protoc --cpp_out=${PROJECT_BINARY_DIR}/generated -I ${PROJECT_SOURCE_DIR} ${source}
      DEPENDS ${source}
      COMMENT "protoc ${stem}.proto")
    list(APPEND generated ${outputs})
  endforeach()
  target_sources(${target} PRIVATE ${generated})
  set_source_files_properties(${generated} PROPERTIES COMPILE_OPTIONS -w SKIP_PRECOMPILE_HEADERS ON)
  target_include_directories(${target} SYSTEM PUBLIC ${PROJECT_BINARY_DIR}/generated)
  target_link_libraries(${target} PUBLIC protobuf::libprotobuf)
endfunction()

# One precompiled header per kind, built once, at the root (its path is part of what ccache compares), and shared by
# all targets that name it.
function(weft_precompiled_header kind)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;LINKS")
  add_library(weft_pch_${kind} OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/cmake/empty.cc)
  target_link_libraries(weft_pch_${kind} PRIVATE ${arg_LINKS} Threads::Threads)
  target_compile_options(weft_pch_${kind} PRIVATE ${WEFT_PCH_OPTIONS})
  target_precompile_headers(weft_pch_${kind} PRIVATE ${arg_HEADERS})
endfunction()

weft_precompiled_header(asio HEADERS <utility> <boost/asio.hpp> LINKS Boost::headers)
weft_precompiled_header(protobuf
  HEADERS <google/protobuf/message.h> <google/protobuf/text_format.h> LINKS protobuf::libprotobuf)
weft_precompiled_header(gtest HEADERS <gtest/gtest.h> <gmock/gmock.h> LINKS GTest::gtest GTest::gmock)
# What is tested is optimised as it ships; what only asks need not be, and takes a quarter less time to compile.
set(WEFT_TEST_OPTIONS $<$<CONFIG:Release>:-O1>)
if(WEFT_UNITY)
  # What one test has at file scope may be a local name in the next.
  list(APPEND WEFT_TEST_OPTIONS -Wno-shadow)
endif()
target_compile_options(weft_pch_gtest PRIVATE ${WEFT_TEST_OPTIONS})

function(weft_precompile target kind)
  if(NOT kind)
    return()
  endif()
  if(NOT TARGET weft_pch_${kind})
    message(FATAL_ERROR "${target}: no precompiled header '${kind}'")
  endif()
  target_compile_options(${target} PRIVATE ${WEFT_PCH_OPTIONS})
  target_precompile_headers(${target} REUSE_FROM weft_pch_${kind})
endfunction()
