# Does layering.cmake find what it is there for? Makes a small tree with one fault per file and compares the report.
#
#   cmake -D WORK=<scratch directory> -P tests/cmake/layering_test.cmake

file(REMOVE_RECURSE ${WORK})

function(fixture path)
  list(JOIN ARGN "\n" text)
  file(WRITE ${WORK}/${path} "${text}\n")
endfunction()

function(run_layering)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -D ROOT=${WORK} -P ${CMAKE_CURRENT_LIST_DIR}/layering.cmake
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  set(status ${status} PARENT_SCOPE)
  set(output "${output}" PARENT_SCOPE)
endfunction()

fixture(lib/base/rcu.h "#include <urcu-qsbr.h>" "#include \"lib/base/result.h\"")
fixture(datapath/port/tap.cc "#include \"datapath/api/port_spec.h\"" "#include <vector>")
fixture(ofproto/bridge/bridge.cc "#include \"datapath/api/datapath.h\"" "#include \"lib/openflow/text/parser.h\"")
fixture(tests/story/story_test.cc "#include \"ofproto/bridge/bridge.h\"")
run_layering()
if(NOT status EQUAL 0)
  message(FATAL_ERROR "a good tree was refused:\n${output}")
endif()

fixture(lib/base/x.h "#include \"ofproto/up.h\"")
fixture(lib/flow/upward.cc "  #  include \"lib/openflow/match.h\"")
fixture(lib/openflow/codec.cc "#include \"lib/openflow/text/parser.h\"")
fixture(ofproto/bridge/cache.cc "#include \"datapath/cache/flow_cache.h\"")
fixture(datapath/worker/up.cc "#include \"ofproto/upcall/upcall.h\"")
fixture(datapath/worker/urcu.cc "#include <urcu/uatomic.h>")
fixture(ofproto/bridge/proto.h "#include \"lib/management/state.pb.h\"")
fixture(ofproto/bridge/proto.cc "#include <google/protobuf/message.h>")
fixture(vswitchd/test_only.cc "#include \"tests/support/frame.h\"")
fixture(utilities/ofctl/inside.cc "#include \"datapath/api/action.h\"")
fixture(vswitchd/near.cc "#include \"daemon.h\"")
run_layering()
if(status EQUAL 0)
  message(FATAL_ERROR "a bad tree was let through:\n${output}")
endif()

foreach(expected
    "lib/base/x.h: lib/base/ may not include ofproto/up.h"
    "lib/flow/upward.cc: lib/flow/ may not include lib/openflow/match.h"
    "lib/openflow/codec.cc: lib/openflow/ may not include lib/openflow/text/parser.h"
    "ofproto/bridge/cache.cc: ofproto/ may not include datapath/cache/flow_cache.h"
    "datapath/worker/up.cc: datapath/ may not include ofproto/upcall/upcall.h"
    "datapath/worker/urcu.cc: may not include urcu/uatomic.h: use lib/base/rcu.h"
    "ofproto/bridge/proto.h: may not include lib/management/state.pb.h: take plain structs"
    "ofproto/bridge/proto.cc: may not include google/protobuf/message.h: take plain structs"
    "vswitchd/test_only.cc: vswitchd/ may not include tests/support/frame.h"
    "utilities/ofctl/inside.cc: utilities/ may not include datapath/api/action.h"
    "vswitchd/near.cc: \"daemon.h\" is not written from the source root"
    "11 of 15 files")
  string(FIND "${output}" "${expected}" at)
  if(at EQUAL -1)
    message(SEND_ERROR "not reported: ${expected}\n${output}")
  endif()
endforeach()
